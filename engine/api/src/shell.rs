//! The shell around the core: takes its effects and carries them out, one after the other.

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sleepwalker_core::{
    Answer, Ask, Call, Callback, Core, Input, Misuse, Note, ProcessId, SessionId, What,
};
use sleepwalker_driver::{Driver, Files, Folder, Store, StoreError};
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc},
};

use crate::{
    callback,
    clock::Clock,
    delegate::{Dispatch, Handler},
};

/// The one process there is: this one.
pub(crate) const PROCESS: ProcessId = ProcessId(1);

/// Told of notes.
pub(crate) type OnNote = Arc<dyn Fn(&Note) + Send + Sync>;

/// What the loop is woken by.
pub(crate) enum Event {
    /// Something for the core.
    Input(Input),
    /// The core has new effects.
    Called,
    /// The end.
    Close,
}

/// What handles and the loop share.
pub(crate) struct Shell {
    core: Mutex<Core>,
    clock: Clock,
    folder: Arc<Folder>,
    events: mpsc::UnboundedSender<Event>,
    delegates: Mutex<BTreeMap<SessionId, Arc<dyn Dispatch>>>,
    handlers: Mutex<BTreeMap<SessionId, VecDeque<Handler>>>,
    pub(crate) runtime: Handle,
}

/// The end of the loop, for those who wait for it.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    ended: Mutex<Option<Result<(), Arc<StoreError>>>>,
    told: Notify,
}

impl Ending {
    fn tell(&self, end: Result<(), Arc<StoreError>>) {
        *locked(&self.ended) = Some(end);
        self.told.notify_waiters();
    }

    /// Waits for the end.
    pub(crate) async fn wait(&self) -> Result<(), Arc<StoreError>> {
        loop {
            // Registered before the look, so that no end falls between the two.
            let mut told = std::pin::pin!(self.told.notified());
            told.as_mut().enable();
            if let Some(end) = locked(&self.ended).clone() {
                return end;
            }
            told.await;
        }
    }
}

/// The loop and what only it uses.
pub(crate) struct Loop {
    pub(crate) shell: Arc<Shell>,
    pub(crate) driver: Driver,
    pub(crate) store: Box<dyn Store>,
    pub(crate) events: mpsc::UnboundedReceiver<Event>,
    pub(crate) on_note: Option<OnNote>,
    pub(crate) ending: Arc<Ending>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shell {
    pub(crate) fn new(
        core: Core,
        clock: Clock,
        folder: Arc<Folder>,
        events: mpsc::UnboundedSender<Event>,
        runtime: Handle,
    ) -> Shell {
        Shell {
            core: Mutex::new(core),
            clock,
            folder,
            events,
            delegates: Mutex::default(),
            handlers: Mutex::default(),
            runtime,
        }
    }

    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        locked(&self.core)
    }

    pub(crate) fn files(&self) -> &dyn Files {
        &*self.folder
    }

    pub(crate) fn path(&self, file: sleepwalker_core::FileId) -> PathBuf {
        self.folder.path(file)
    }

    /// Wakes the loop; after its end there is nobody to wake.
    pub(crate) fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Calls the core. Effects are carried out later, by the loop.
    pub(crate) fn call(&self, call: Call) -> Result<Answer, Misuse> {
        let answer = self.core().call(PROCESS, call, self.clock.now());
        self.tell(Event::Called);
        answer
    }

    /// Calls the core for an answer that comes as a callback.
    pub(crate) fn call_with_handler(
        &self,
        session: SessionId,
        handler: Handler,
        call: Call,
    ) -> Result<Answer, Misuse> {
        let mut core = self.core();
        let answer = core.call(PROCESS, call, self.clock.now())?;
        // Under the same lock, so that handlers stand in the order of their callbacks.
        locked(&self.handlers).entry(session).or_default().push_back(handler);
        drop(core);
        self.tell(Event::Called);
        Ok(answer)
    }

    /// Creates a session, or connects to one. A session that this process has keeps its delegate.
    pub(crate) fn connect(
        &self,
        call: Call,
        delegate: Arc<dyn Dispatch>,
    ) -> Result<SessionId, Misuse> {
        let mut core = self.core();
        let answer = core.call(PROCESS, call, self.clock.now())?;
        let Answer::Session { id, .. } = answer else {
            unreachable!("creating a session answers with a session, not {answer:?}");
        };
        locked(&self.delegates).entry(id).or_insert(delegate);
        drop(core);
        self.tell(Event::Called);
        Ok(id)
    }

    pub(crate) fn delegate(&self, session: SessionId) -> Option<Arc<dyn Dispatch>> {
        locked(&self.delegates).get(&session).cloned()
    }

    pub(crate) fn forget_delegate(&self, session: SessionId) {
        locked(&self.delegates).remove(&session);
        locked(&self.handlers).remove(&session);
    }

    /// Takes the handler that has waited longest among those that fit.
    pub(crate) fn handler(
        &self,
        session: SessionId,
        fits: impl Fn(&Handler) -> bool,
    ) -> Option<Handler> {
        let mut handlers = locked(&self.handlers);
        let waiting = handlers.get_mut(&session)?;
        let place = waiting.iter().position(fits)?;
        waiting.remove(place)
    }

    pub(crate) fn handle(&self, input: Input) {
        self.core().handle(input, self.clock.now());
    }
}

impl Loop {
    /// Runs until the engine is closed or the store fails.
    pub(crate) async fn run(mut self) {
        let end = self.turn().await.map_err(|error| {
            tracing::error!(%error, "the engine stops");
            Arc::new(error)
        });
        let Loop { driver, store, ending, .. } = self;
        drop(driver);
        // The file is free before anybody is told.
        drop(store);
        ending.tell(end);
    }

    #[expect(clippy::disallowed_methods, reason = "the engine waits on the real clock")]
    async fn turn(&mut self) -> Result<(), StoreError> {
        loop {
            self.pump()?;
            let wakeup = self.shell.core().next_wakeup().map(|(time, _)| time);
            let due = async {
                match wakeup {
                    Some(time) => tokio::time::sleep_until(self.shell.clock.instant(time)).await,
                    None => std::future::pending().await,
                }
            };
            let event = tokio::select! {
                biased;
                event = self.events.recv() => event,
                () = due => Some(Event::Input(Input::Due)),
            };
            match event {
                Some(Event::Input(input)) => self.shell.handle(input),
                Some(Event::Called) => {}
                Some(Event::Close) | None => return Ok(()),
            }
            // Reports come in crowds; their effects are carried out together.
            for _ in 0..256 {
                match self.events.try_recv() {
                    Ok(Event::Input(input)) => self.shell.handle(input),
                    Ok(Event::Called) => {}
                    Ok(Event::Close) => return Ok(()),
                    Err(_) => break,
                }
            }
        }
    }

    /// Carries out all effects that may leave the core.
    fn pump(&mut self) -> Result<(), StoreError> {
        loop {
            let effect = self.shell.core().poll_effect();
            let Some(effect) = effect else {
                return Ok(());
            };
            match effect.what {
                What::Callback(callback) => self.call_back(callback),
                What::Order(order) => self.driver.order(order),
                What::Store(batch) => {
                    self.store.apply(&batch)?;
                    self.shell.handle(Input::Stored(batch.id));
                }
                What::Ask(Ask::Wake { session }) => {
                    tracing::debug!(session, "has events, and is not created yet");
                }
                What::Note(note) => {
                    tracing::trace!(rule = %effect.rule, ?note);
                    if let Some(on_note) = &self.on_note {
                        on_note(&note);
                    }
                }
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "delegates run on the embedder's runtime")]
    fn call_back(&self, callback: Callback) {
        let chunk = match &callback.method {
            sleepwalker_core::Method::DidReceiveData {
                data: sleepwalker_core::Data::Chunk(chunk),
                ..
            } => self.driver.chunk(*chunk),
            _ => None,
        };
        let shell = Arc::clone(&self.shell);
        drop(self.shell.runtime.spawn(callback::run(shell, callback, chunk)));
    }
}
