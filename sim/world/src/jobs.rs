//! Every future of the world runs in one wrapper that counts wakes not yet answered by a poll. None
//! after a step means that no job will run before a message or a deadline.

use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};

/// How many of the last wakes are remembered by name.
const REMEMBERED: usize = 8;

/// A future that a machine of the world can run.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What is known of all jobs of one world. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Jobs(Arc<Ledger>);

#[derive(Debug, Default)]
struct Ledger {
    /// Jobs woken and not yet polled.
    woken: AtomicU64,
    /// Polls since the clock last moved.
    polls: AtomicU64,
    /// Polls allowed in one instant; zero: any number.
    limit: AtomicU64,
    last: Mutex<VecDeque<&'static str>>,
    panic: Mutex<Option<Panic>>,
}

/// A job that panicked. The runtime would swallow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    pub(crate) job: &'static str,
    pub(crate) message: String,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// Wraps a future. A new job counts as woken.
    pub fn wrap<F: Future>(&self, name: &'static str, future: F) -> Job<F> {
        let track = Arc::new(Track {
            name,
            ledger: self.0.clone(),
            woken: AtomicBool::new(false),
            dead: AtomicBool::new(false),
            killed: AtomicBool::new(false),
            parent: Mutex::new(None),
        });
        track.mark();
        Job { future: Some(Box::pin(future)), waker: Waker::from(track.clone()), track }
    }

    /// Returns how many jobs were woken and not yet polled.
    pub fn woken(&self) -> u64 {
        self.0.woken.load(Relaxed)
    }

    /// Returns the names of the last jobs woken, the latest last.
    pub fn last_woken(&self) -> Vec<&'static str> {
        lock(&self.0.last).iter().copied().collect()
    }

    /// Begins a new instant, in which so many polls are allowed.
    pub(crate) fn begin_instant(&self, limit: u64) {
        self.0.polls.store(0, Relaxed);
        self.0.limit.store(limit, Relaxed);
    }

    /// Returns whether jobs were refused a poll because the instant had had too many.
    pub(crate) fn is_stuck(&self) -> bool {
        let limit = self.0.limit.load(Relaxed);
        limit > 0 && self.0.polls.load(Relaxed) > limit
    }

    pub(crate) fn take_panic(&self) -> Option<Panic> {
        lock(&self.0.panic).take()
    }
}

#[derive(Debug)]
struct Track {
    name: &'static str,
    ledger: Arc<Ledger>,
    woken: AtomicBool,
    dead: AtomicBool,
    killed: AtomicBool,
    parent: Mutex<Option<Waker>>,
}

impl Track {
    fn mark(&self) {
        // A waker may outlive its job; without this one late wake would count for ever.
        if self.dead.load(Relaxed) || self.woken.swap(true, Relaxed) {
            return;
        }
        self.ledger.woken.fetch_add(1, Relaxed);
        let mut last = lock(&self.ledger.last);
        if last.len() == REMEMBERED {
            last.pop_front();
        }
        last.push_back(self.name);
    }

    fn clear(&self) {
        if self.woken.swap(false, Relaxed) {
            self.ledger.woken.fetch_sub(1, Relaxed);
        }
    }
}

impl Wake for Track {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.mark();
        if let Some(parent) = &*lock(&self.parent) {
            parent.wake_by_ref();
        }
    }
}

/// A future in the counting wrapper. It ends with none if it was killed or panicked.
#[derive(Debug)]
pub struct Job<F> {
    future: Option<Pin<Box<F>>>,
    track: Arc<Track>,
    waker: Waker,
}

impl<F> Drop for Job<F> {
    fn drop(&mut self) {
        self.track.dead.store(true, Relaxed);
        self.track.clear();
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

impl<F: Future> Future for Job<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let job = &mut *self;
        job.track.clear();
        let ledger = &job.track.ledger;
        let polls = ledger.polls.fetch_add(1, Relaxed) + 1;
        let limit = ledger.limit.load(Relaxed);
        if limit > 0 && polls > limit {
            // Two jobs that wake each other for ever would otherwise keep the step from ending.
            return Poll::Pending;
        }
        if job.track.killed.load(Relaxed) {
            job.future = None;
        }
        let Some(future) = &mut job.future else {
            return Poll::Ready(None);
        };
        {
            let mut parent = lock(&job.track.parent);
            if !parent.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                *parent = Some(cx.waker().clone());
            }
        }
        let mut inner = Context::from_waker(&job.waker);
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut inner))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => {
                job.future = None;
                Poll::Ready(Some(output))
            }
            Err(panic) => {
                lock(&ledger.panic)
                    .get_or_insert(Panic { job: job.track.name, message: message_of(&*panic) });
                job.future = None;
                Poll::Ready(None)
            }
        }
    }
}

/// The jobs of one machine: they can be given from outside a step, and killed together.
#[derive(Clone, Debug)]
pub struct Nursery(Arc<Cradle>);

struct Cradle {
    jobs: Jobs,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    newborn: VecDeque<Job<BoxFuture<()>>>,
    tracks: Vec<Weak<Track>>,
    root: Option<Waker>,
}

impl std::fmt::Debug for Cradle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cradle").finish_non_exhaustive()
    }
}

impl Nursery {
    /// Makes a nursery without jobs.
    pub fn new(jobs: &Jobs) -> Nursery {
        Nursery(Arc::new(Cradle { jobs: jobs.clone(), state: Mutex::default() }))
    }

    /// Gives the machine a job. It runs from the machine's next turn on.
    pub fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        let job = self.0.jobs.wrap(name, Box::pin(future) as BoxFuture<()>);
        let mut state = lock(&self.0.state);
        if state.tracks.len() == state.tracks.capacity() {
            state.tracks.retain(|track| track.strong_count() > 0);
        }
        state.tracks.push(Arc::downgrade(&job.track));
        state.newborn.push_back(job);
        let root = state.root.take();
        drop(state);
        if let Some(root) = root {
            root.wake();
        }
    }

    /// Ends all jobs given so far: each is dropped, on its machine, at the next step.
    pub fn kill(&self) {
        let tracks = std::mem::take(&mut lock(&self.0.state).tracks);
        for track in tracks.iter().filter_map(Weak::upgrade) {
            track.killed.store(true, Relaxed);
            track.wake_by_ref();
        }
    }

    /// Returns the machine's first job, which starts the others and never ends.
    pub(crate) fn root(&self, name: &'static str) -> impl Future<Output = turmoil::Result> + use<> {
        let nursery = self.clone();
        let root = self.0.jobs.wrap(
            name,
            std::future::poll_fn(move |cx| {
                let mut state = lock(&nursery.0.state);
                state.root = Some(cx.waker().clone());
                for job in std::mem::take(&mut state.newborn) {
                    #[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
                    tokio::spawn(job);
                }
                Poll::<()>::Pending
            }),
        );
        async move {
            root.await;
            Ok(())
        }
    }
}

impl<F> hyper::rt::Executor<F> for Nursery
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.spawn("http", async move {
            future.await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll<F: Future>(job: &mut Job<F>) -> Poll<Option<F::Output>> {
        Pin::new(job).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_wake_counts_until_the_poll_and_twice_is_once() {
        let jobs = Jobs::default();
        let mut job = jobs.wrap("sleeper", std::future::pending::<()>());
        assert_eq!(jobs.woken(), 1);
        assert!(poll(&mut job).is_pending());
        assert_eq!(jobs.woken(), 0);
        job.waker.wake_by_ref();
        job.waker.wake_by_ref();
        assert_eq!(jobs.woken(), 1);
        assert_eq!(jobs.last_woken(), ["sleeper", "sleeper"]);
    }

    #[test]
    fn a_dropped_jobs_waker_counts_for_nothing() {
        let jobs = Jobs::default();
        let job = jobs.wrap("gone", std::future::pending::<()>());
        let waker = job.waker.clone();
        drop(job);
        assert_eq!(jobs.woken(), 0);
        waker.wake();
        assert_eq!(jobs.woken(), 0);
    }

    #[test]
    fn a_panic_is_kept_with_the_jobs_name() {
        let jobs = Jobs::default();
        let mut job = jobs.wrap("clumsy", async { panic!("dropped {}", 1) });
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        assert!(poll(&mut job).is_ready());
        std::panic::set_hook(hook);
        let panic = jobs.take_panic().expect("the panic was recorded");
        assert_eq!((panic.job, panic.message.as_str()), ("clumsy", "dropped 1"));
    }

    #[test]
    fn an_instant_with_too_many_polls_stops_polling() {
        let jobs = Jobs::default();
        jobs.begin_instant(2);
        let mut job = jobs.wrap("spinner", std::future::pending::<()>());
        for _ in 0..2 {
            assert!(poll(&mut job).is_pending());
        }
        assert!(!jobs.is_stuck());
        assert!(poll(&mut job).is_pending());
        assert!(jobs.is_stuck());
    }
}
