//! The binary as a user meets it: arguments in, output and status out.

mod docs;
mod explain;
mod explain_serve;
mod gateway;
mod lint;
mod pages;
mod providers;
mod replay;
mod rules;
mod run;
mod sarif;
mod schemas;
mod sdk;
mod seed;
mod serve;
