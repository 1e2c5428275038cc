//! What there is without us: bare hyper over bare turmoil.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use turmoil::net::{TcpListener, TcpStream};

/// A body of so many bytes in pieces of 64 KiB.
struct Bulk {
    left: u64,
    piece: Bytes,
}

impl http_body::Body for Bulk {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let length = self.left.min(self.piece.len() as u64);
        self.left -= length;
        let length = usize::try_from(length).expect("a piece fits");
        Poll::Ready(Some(Ok(Frame::data(self.piece.slice(..length)))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.left)
    }
}

/// Downloads so many bytes over one connection and counts them.
pub fn download(bytes: u64) -> u64 {
    let mut sim = turmoil::Builder::new()
        .rng_seed(1)
        .epoch(std::time::UNIX_EPOCH)
        .min_message_latency(Duration::ZERO)
        .max_message_latency(Duration::ZERO)
        .simulation_duration(Duration::from_secs(100_000))
        .build();
    sim.host("origin", move || async move {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        let (stream, _) = listener.accept().await?;
        let piece = Bytes::from(vec![7; 64 << 10]);
        let serve = service_fn(move |_: Request<Incoming>| {
            let body = Bulk { left: bytes, piece: piece.clone() };
            std::future::ready(Ok::<_, Infallible>(Response::new(body)))
        });
        hyper::server::conn::http1::Builder::new()
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), serve)
            .await?;
        Ok(())
    });
    let (tell, told) = std::sync::mpsc::channel();
    sim.client("device", async move {
        let stream = TcpStream::connect("origin:80").await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let request = Request::get("/").header("host", "origin").body(Empty::<Bytes>::new())?;
        let fetch = async {
            let mut body = sender.send_request(request).await?.into_body();
            let mut count = 0;
            while let Some(frame) = body.frame().await {
                count += frame?.data_ref().map_or(0, |data| data.len() as u64);
            }
            drop(sender);
            Ok::<_, hyper::Error>(count)
        };
        let (count, _) = both(fetch, connection).await;
        tell.send(count?).expect("the bench listens");
        Ok(())
    });
    sim.run().expect("the download ends");
    told.recv().expect("the client told its count")
}

/// Runs both to their ends, on one job.
async fn both<A: Future, B: Future>(first: A, second: B) -> (A::Output, B::Output) {
    let (mut first, mut second) = (Box::pin(first), Box::pin(second));
    let (mut one, mut two) = (None, None);
    std::future::poll_fn(|cx| {
        if one.is_none()
            && let Poll::Ready(output) = first.as_mut().poll(cx)
        {
            one = Some(output);
        }
        if two.is_none()
            && let Poll::Ready(output) = second.as_mut().poll(cx)
        {
            two = Some(output);
        }
        match (one.take(), two.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (one, two) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bare_stack_carries_every_byte() {
        assert_eq!(download(1_000_000), 1_000_000);
    }
}
