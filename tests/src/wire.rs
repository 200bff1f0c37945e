//! A TCP connection in the tests' hands: it can be cut, delayed and frozen.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// What the wire does with bytes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Carries them at once.
    Open,
    /// Ends every connection and refuses new ones.
    Cut,
    /// Carries each piece after a pause.
    Delayed(Duration),
    /// Keeps connections and carries nothing: the other side looks alive and says nothing.
    Frozen,
}

/// A wire: listens on its own address and carries bytes to the real one.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    mood: watch::Sender<Mood>,
    accepting: JoinHandle<()>,
}

impl Wire {
    /// Lays a wire to `target`.
    pub async fn to(target: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("no port for a wire")?;
        let address = listener.local_addr()?;
        let (mood, watched) = watch::channel(Mood::Open);
        let accepting = tokio::spawn(async move {
            loop {
                let Ok((near, _)) = listener.accept().await else {
                    continue;
                };
                tokio::spawn(carry(near, target, watched.clone()));
            }
        });
        Ok(Self {
            address,
            mood,
            accepting,
        })
    }

    /// Where to connect instead of the real address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what happens to bytes, for open connections too.
    pub fn set(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// Ends every connection and refuses new ones.
    pub fn cut(&self) {
        self.set(Mood::Cut);
    }

    /// Carries each piece after a pause.
    pub fn delay(&self, pause: Duration) {
        self.set(Mood::Delayed(pause));
    }

    /// Keeps connections and carries nothing.
    pub fn freeze(&self) {
        self.set(Mood::Frozen);
    }

    /// As new.
    pub fn heal(&self) {
        self.set(Mood::Open);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
        self.mood.send_replace(Mood::Cut);
    }
}

async fn carry(near: TcpStream, target: SocketAddr, mut mood: watch::Receiver<Mood>) {
    // Refused as an absent server refuses: by reset, not by a polite end.
    if *mood.borrow_and_update() == Mood::Cut {
        return reset(&near);
    }
    let Ok(far) = TcpStream::connect(target).await else {
        return reset(&near);
    };
    // A failure means that a side went away already; then there is nothing to carry.
    if near.set_nodelay(true).and(far.set_nodelay(true)).is_err() {
        return;
    }
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    let mut there = tokio::spawn(pump(near_in, far_out, mood.clone()));
    let mut back = tokio::spawn(pump(far_in, near_out, mood));
    // A half-closed connection goes on in the other direction until it ends too.
    let both = tokio::select! {
        ended = &mut there => ended.is_ok() && back.await.is_ok(),
        ended = &mut back => ended.is_ok() && there.await.is_ok(),
    };
    if !both {
        tracing::debug!("a pump of a wire failed");
    }
}

fn reset(stream: &TcpStream) {
    if stream.set_zero_linger().is_err() {
        tracing::trace!("the client has gone already");
    }
}

async fn pump<R, W>(mut from: R, mut to: W, mut mood: watch::Receiver<Mood>)
where
    R: AsyncReadExt + Unpin,
    W: AsyncWriteExt + Unpin,
{
    let mut piece = vec![0; 16 * 1024];
    let mut cutting = mood.clone();
    loop {
        let read = tokio::select! {
            read = from.read(&mut piece) => read,
            () = cut(&mut cutting) => return,
        };
        let Ok(count) = read else { return };
        let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else {
            if to.shutdown().await.is_err() {
                tracing::trace!("the other side had gone already");
            }
            return;
        };
        if !leave(&mut mood).await || to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

async fn cut(mood: &mut watch::Receiver<Mood>) {
    if mood.wait_for(|mood| *mood == Mood::Cut).await.is_err() {
        tracing::trace!("the wire is gone");
    }
}

/// Waits until a piece may be carried; false when the wire is cut.
async fn leave(mood: &mut watch::Receiver<Mood>) -> bool {
    let now = match mood.wait_for(|mood| *mood != Mood::Frozen).await {
        Ok(now) => *now,
        Err(_) => return false,
    };
    match now {
        Mood::Open => true,
        Mood::Cut | Mood::Frozen => false,
        Mood::Delayed(pause) => {
            tokio::select! {
                () = tokio::time::sleep(pause) => true,
                () = cut(mood) => false,
            }
        }
    }
}
