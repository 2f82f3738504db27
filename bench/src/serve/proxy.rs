//! The floor: a reverse proxy of hyper's parts and nothing else. Heads and bodies pass as they come.

use std::net::SocketAddr;

use hyper::{Request, Uri, body::Incoming, header::HOST, http::uri::Parts, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::net::TcpListener;

/// Serves until it is killed.
#[tokio::main]
pub async fn run(upstream: SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    eprintln!("listening on http://{}", listener.local_addr().expect("it is bound"));
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
    let authority: hyper::http::uri::Authority = upstream.to_string().parse().expect("an address");
    loop {
        let (socket, _) = listener.accept().await.expect("room for a connection");
        socket.set_nodelay(true).expect("a socket");
        let (client, authority) = (client.clone(), authority.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            let mut parts = Parts::default();
            parts.scheme = Some(hyper::http::uri::Scheme::HTTP);
            parts.authority = Some(authority.clone());
            parts.path_and_query = request.uri().path_and_query().cloned();
            *request.uri_mut() = Uri::from_parts(parts).expect("its parts are valid");
            request.headers_mut().remove(HOST);
            client.request(request)
        });
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            // A client may leave at any time.
            let _ = server.serve_connection(TokioIo::new(socket), service).await;
        });
    }
}
