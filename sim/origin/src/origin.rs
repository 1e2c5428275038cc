//! The origin: hosts, their files, their connections.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use hyper::{
    Request,
    body::Incoming,
    rt::{Read, Write},
    server::conn::http1,
    service::service_fn,
};

use crate::{
    ActError, Clock, OriginAct, Plan, Shelf, Version,
    answer::answer,
    line::{Lines, Wire},
    state::{FileName, State},
};

/// A request that arrived, its body included, and how it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The host, as the plan names it, or as the request does if the plan does not.
    pub host: Arc<str>,
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// `Range`, if it had one.
    pub range: Option<String>,
    /// `If-Range`, if it had one.
    pub if_range: Option<String>,
    /// Bytes of its body that came.
    pub length: u64,
    /// Whether the body came to its end.
    pub whole: bool,
    /// SHA-256 of the body in hexadecimal, if there was one and it is whole.
    pub digest: Option<String>,
    /// The status of the answer; none if the connection breaks before.
    pub status: Option<u16>,
}

/// Who is told of each [`Arrival`].
pub type Observer = Arc<dyn Fn(Arrival) + Send + Sync>;

/// How serving a connection ended.
#[derive(Debug)]
pub enum End {
    /// The client closed it, or either side asked for that.
    Closed,
    /// The origin broke it: a planned cut, an act, a host that is down.
    Cut,
    /// The client broke it, or did not speak HTTP.
    Failed(hyper::Error),
}

/// An origin that runs. Clones are handles to the same one.
#[derive(Clone)]
pub struct Origin(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Observer,
    shelf: Shelf,
    lines: Arc<Lines>,
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Origin {
    /// Makes an origin that serves `plan` and waits on `clock`.
    pub fn new(plan: Plan, clock: Arc<dyn Clock>) -> Origin {
        Origin::with_observer(plan, clock, Arc::new(|_| {}))
    }

    /// Makes an origin that tells `observer` of each request.
    pub fn with_observer(plan: Plan, clock: Arc<dyn Clock>, observer: Observer) -> Origin {
        let shelf = Shelf::default();
        let state = Mutex::new(State::new(plan, &shelf));
        Origin(Arc::new(Shared { clock, observer, shelf, lines: Arc::default(), state }))
    }

    /// Returns the shelf of every version that it has had.
    pub fn shelf(&self) -> Shelf {
        self.0.shelf.clone()
    }

    /// Returns the version that a file has now.
    pub fn version(&self, host: &str, path: &str) -> Option<Arc<Version>> {
        let name = FileName { host: host.into(), path: path.into() };
        self.0.state().file(&name).map(|file| file.version.clone())
    }

    /// Does what a script says, at once.
    pub fn act(&self, act: &OriginAct) -> Result<(), ActError> {
        let wakers = self.0.state().act(act, &self.0.shelf)?;
        if let OriginAct::CutNow { of } | OriginAct::Down { of } = act {
            self.0.lines.cut(of);
        }
        for waker in wakers {
            waker.wake();
        }
        Ok(())
    }

    /// Returns whether `host` refuses connections. Who listens for one host asks this when a connection
    /// comes and drops it; who cannot tell hosts apart by then leaves it to
    /// [`serve_connection`](Self::serve_connection), which breaks the connection at the request.
    pub fn is_down(&self, host: &str) -> bool {
        let state = self.0.state();
        state.host(host).is_some_and(|name| state.hosts[&name].down)
    }

    /// Returns how many connections are open.
    pub fn connections(&self) -> usize {
        self.0.lines.count()
    }

    /// Serves HTTP/1.1 on one connection to its end. It is one future that spawns nothing; dropping it
    /// breaks the connection. Serving begins when it is called, not when it is first polled.
    pub fn serve_connection<I>(&self, io: I) -> impl Future<Output = End> + Send + use<I>
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let shared = self.0.clone();
        let open = shared.lines.open();
        async move {
            let line = open.line.clone();
            let service = service_fn({
                let line = line.clone();
                move |request: Request<Incoming>| {
                    let answer = answer(shared.clone(), line.clone(), request);
                    async { Ok::<_, Infallible>(answer.await) }
                }
            });
            let wire = Wire { io, line: line.clone() };
            let mut connection = pin!(
                // The date would come from the machine's clock.
                http1::Builder::new()
                    .auto_date_header(false)
                    // Pieces are queued, not copied: a slow link takes them in small writes.
                    .writev(true)
                    .serve_connection(wire, service)
            );
            let end = poll_fn(|cx| {
                if line.is_broken(cx.waker()) {
                    return Poll::Ready(End::Cut);
                }
                match connection.as_mut().poll(cx) {
                    Poll::Ready(Ok(())) => Poll::Ready(End::Closed),
                    Poll::Ready(Err(error)) => Poll::Ready(End::Failed(error)),
                    // A cut that falls into this poll ends it here: nobody else would wake it.
                    Poll::Pending if line.is_broken(cx.waker()) => Poll::Ready(End::Cut),
                    Poll::Pending => Poll::Pending,
                }
            });
            let end = end.await;
            drop(open);
            end
        }
    }
}
