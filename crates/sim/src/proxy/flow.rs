//! Passing bytes on, message by message, until a plan strikes.

use super::wire::{Message, Messages};
use super::{Door, Fault, Side, State, Strike};
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Why a connection ends at once, on both sides.
struct Cut;

impl From<std::io::Error> for Cut {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

/// Takes connections for ever.
pub(crate) async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            Ok((client, _)) = listener.accept() => {
                connections.spawn(lead(client, Arc::clone(&state)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn lead(client: TcpStream, state: Arc<State>) {
    let mut cut = state.watch_cut();
    let led = async {
        match state.upstream() {
            (upstream, Door::Open) => lead_to(client, TcpStream::connect(upstream).await?, &state),
            (_, Door::Shut) => return Err(Cut),
            (_, Door::Mute) => return std::future::pending().await,
        }
        .await
    };
    tokio::select! {
        // How it ended is known to both ends, which are closed here.
        _ = led => {}
        _ = cut.changed() => {}
    }
}

async fn lead_to(client: TcpStream, server: TcpStream, state: &State) -> Result<(), Cut> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let mut up = Direction { side: Side::Client, messages: Messages::of(Side::Client), state };
    let down = Direction { side: Side::Server, messages: Messages::of(Side::Server), state };
    // A request for encryption is answered here: what is sealed cannot be read.
    while let Some(first) = up.first(&mut from_client).await? {
        if !first.is_declined {
            if up.pass(&mut from_client, &mut to_server, first).await?.is_break() {
                return Err(Cut);
            }
            break;
        }
        to_client.write_all(b"N").await?;
    }
    tokio::try_join!(up.run(from_client, to_server), down.run(from_server, to_client))?;
    Ok(())
}

struct Direction<'s> {
    side: Side,
    messages: Messages,
    state: &'s State,
}

impl Direction<'_> {
    async fn first(&mut self, from: &mut OwnedReadHalf) -> Result<Option<Message>, Cut> {
        loop {
            if let Some(message) = self.messages.next() {
                return Ok(Some(message));
            }
            if self.read(from).await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn read(&mut self, from: &mut OwnedReadHalf) -> Result<usize, Cut> {
        let mut bytes = [0; 16 * 1_024];
        let count = from.read(&mut bytes).await?;
        self.messages.take_in(&bytes[..count]);
        Ok(count)
    }

    async fn run(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> Result<(), Cut> {
        loop {
            while let Some(message) = self.messages.next() {
                if self.pass(&mut from, &mut to, message).await?.is_break() {
                    return Ok(());
                }
            }
            if self.read(&mut from).await? == 0 {
                to.write_all(&self.messages.rest()).await?;
                to.shutdown().await?;
                return Ok(());
            }
        }
    }

    /// Passes a message on, as far as no plan is against it.
    async fn pass(
        &mut self,
        from: &mut OwnedReadHalf,
        to: &mut OwnedWriteHalf,
        message: Message,
    ) -> Result<ControlFlow<()>, Cut> {
        let Some(Strike { offset, fault }) = self.state.strike(self.side, &message) else {
            to.write_all(&message.bytes).await?;
            return Ok(ControlFlow::Continue(()));
        };
        let (before, after) = message.bytes.split_at(offset);
        to.write_all(before).await?;
        match fault {
            Fault::Cut => return Err(Cut),
            Fault::HalfClose => to.shutdown().await?,
            Fault::Silence => {
                while self.read(from).await? > 0 {
                    self.messages.rest();
                }
                // Giving the receiver's half back would tell it of the end.
                std::future::pending::<()>().await;
            }
            Fault::Delay(time) => {
                tokio::time::sleep(time).await;
                to.write_all(after).await?;
                return Ok(ControlFlow::Continue(()));
            }
        }
        Ok(ControlFlow::Break(()))
    }
}
