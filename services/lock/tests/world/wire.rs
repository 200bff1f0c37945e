//! The wire between lock and its database: it can be cut.

use std::net::SocketAddr;

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// A loopback address whose connections end at a database.
pub(crate) struct Wire {
    address: SocketAddr,
    far: String,
    carrying: JoinHandle<()>,
}

impl Wire {
    /// To the server of a URL.
    pub(crate) async fn lay(url: &str) -> Self {
        let far = url.split(['@', '/']).nth(3).expect("a host and port").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let to = far.clone();
        let carrying = tokio::spawn(async move {
            // Dropped with the task: every connection ends when the wire is cut.
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let to = to.clone();
                connections.spawn(async move {
                    let mut far = TcpStream::connect(to).await?;
                    tokio::io::copy_bidirectional(&mut near, &mut far).await
                });
            }
        });
        Self {
            address,
            far,
            carrying,
        }
    }

    /// The URL by way of this wire.
    pub(crate) fn through(&self, url: &str) -> String {
        url.replacen(&self.far, &self.address.to_string(), 1)
    }

    /// Ends all connections and takes no new ones.
    pub(crate) fn cut(&self) {
        self.carrying.abort();
    }
}
