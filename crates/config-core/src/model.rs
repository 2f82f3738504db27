//! The typed, still spanned configuration. The structs here are the one source of both what serde
//! reads and what `schemas/config.schema.json` says.
