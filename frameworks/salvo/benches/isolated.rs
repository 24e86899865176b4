//! salvo in its own process: its handler called, and its server on the replayed stream.

use std::{io, process::ExitCode};

use http_body_util::BodyExt;
use isolated::{Bench, Connection, HEADERS, Listener};
use salvo::{
    Server, Service,
    conn::{Accepted, Acceptor, ConnCtrl, Holding, SocketAddr, StraightStream, tcp::TcpCoupler},
    fuse::{ArcFusePolicy, FuseAction, FuseInfo, TransProto},
    http::{ReqBody, Version, uri::Scheme},
    hyper::{Request, service::Service as _},
};

struct Replayed {
    listener: Listener,
    holdings: [Holding; 1],
}

/// As salvo's own acceptors, so that its timers are armed as they are for a socket.
impl Acceptor for Replayed {
    type Coupler = TcpCoupler<Self::Stream>;
    type Stream = StraightStream<Connection>;

    fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    async fn accept(
        &mut self,
        policy: Option<ArcFusePolicy>,
    ) -> io::Result<Accepted<Self::Coupler, Self::Stream>> {
        let (stream, peer) = self.listener.accept().await;
        let conn_ctrl = ConnCtrl::new();
        let info = FuseInfo {
            trans_proto: TransProto::Tcp,
            remote_addr: peer.into(),
            local_addr: self.listener.local_addr().into(),
        };
        let (mut fuse_config, mut observer) = (None, None);
        if let Some(policy) = policy
            && let FuseAction::Accept(config) = policy.decide(&info).await
        {
            fuse_config = Some(config);
            observer = policy.observe(&info, &conn_ctrl);
        }
        Ok(Accepted {
            coupler: TcpCoupler::new(),
            stream: StraightStream::new(stream, fuse_config, conn_ctrl.clone(), observer),
            fuse_config,
            conn_ctrl,
            local_addr: info.local_addr,
            remote_addr: info.remote_addr,
            http_scheme: Scheme::HTTP,
        })
    }
}

fn request(path: &str) -> Request<ReqBody> {
    let mut request = Request::builder().uri(path);
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    request.body(ReqBody::None).expect("the request is valid")
}

async fn serve(listener: Listener) {
    let holdings = [Holding {
        local_addr: listener.local_addr().into(),
        http_versions: vec![Version::HTTP_11],
        http_scheme: Scheme::HTTP,
    }];
    let acceptor = Replayed { listener, holdings };
    Server::new(acceptor).serve(welcome::app()).await;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let unknown = SocketAddr::Unknown;
    let handler = Service::new(welcome::app()).hyper_handler(
        unknown.clone(),
        unknown,
        Scheme::HTTP,
        None,
        ConnCtrl::new(),
        None,
    );
    let call = async |request| {
        let response = handler.call(request).await.expect("the handler answers");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await;
        (status, body.expect("the body is in memory").to_bytes())
    };
    Bench::new().call(request, call).bytes(serve).run().await
}
