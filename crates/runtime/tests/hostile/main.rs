//! What must hold whatever the other side does. Each test plays a client and an upstream on raw sockets
//! around a whole gateway, says what the client must get, and then counts what is left: nothing.

mod body;
mod client;
mod framing;
mod http2;
mod memory;
mod reuse;
mod stage;
mod stream;
mod text;
mod translated;
mod upstream;
mod wire;
