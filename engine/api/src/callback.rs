//! One callback: the delegate's method is called, its answer and its return are told.

use std::{io, sync::Arc};

use bytes::Bytes;
use sleepwalker_core::{
    Callback, Data, GateAnswer, Input, Method, Request, SessionId, TaskId, TaskKey,
};

use crate::{
    Disposition, Session, Task, TemporaryFile,
    delegate::{Dispatch, Handler},
    shell::{Event, Shell},
};

/// Runs a callback to its return. `chunk` is the data that it carries, if the driver has it.
pub(crate) async fn run(shell: Arc<Shell>, callback: Callback, chunk: Option<Bytes>) {
    tracing::debug!(method = callback.method.short_name(), task = ?callback.task);
    let ends = matches!(callback.method, Method::DidBecomeInvalid { .. });
    let (id, session) = (callback.id, callback.session);
    let call = Running { shell: Arc::clone(&shell), session, task: callback.task, chunk };
    let answer = call.method(callback.method).await;
    if ends {
        shell.forget_delegate(session);
    }
    if let Some(answer) = answer {
        shell.tell(Event::Input(Input::Answered(id, answer)));
    }
    shell.tell(Event::Input(Input::Returned(id)));
}

struct Running {
    shell: Arc<Shell>,
    session: SessionId,
    task: Option<TaskId>,
    chunk: Option<Bytes>,
}

impl Running {
    fn session(&self) -> Session {
        Session::new(Arc::clone(&self.shell), self.session)
    }

    fn task_of(&self, task: TaskId) -> Task {
        self.session().task(TaskKey { session: self.session, task })
    }

    fn task(&self) -> Task {
        self.task_of(self.task.expect("a method about a task names it"))
    }

    async fn method(self, method: Method) -> Option<GateAnswer> {
        let delegate = self.shell.delegate(self.session)?;
        match method {
            Method::DidReceiveResponse { status, expected } => {
                let answer = delegate.did_receive_response(self.task(), status, expected).await;
                return Some(of_disposition(answer));
            }
            // Background sessions follow redirects and cache nothing without asking.
            Method::WillPerformRedirection { .. } | Method::WillCacheResponse => {
                return Some(GateAnswer::Allow);
            }
            Method::WillBeginDelayedRequest => {
                let task = self.task();
                let request = task.info()?.request;
                let answer = delegate.will_begin_delayed_request(task, request.clone()).await;
                return Some(of_delayed(answer, &request));
            }
            Method::AllTasks { tasks } => self.all_tasks(&tasks),
            Method::ResumeData { data } => {
                let fits = |handler: &Handler| matches!(handler, Handler::ResumeData(_));
                if let Some(Handler::ResumeData(handler)) = self.shell.handler(self.session, fits) {
                    // Who asked may not care any more.
                    let _ = handler.send(data);
                }
            }
            method => self.tell(&*delegate, method).await,
        }
        None
    }

    fn all_tasks(&self, tasks: &[TaskId]) {
        let fits = |handler: &Handler| matches!(handler, Handler::AllTasks(_));
        if let Some(Handler::AllTasks(handler)) = self.shell.handler(self.session, fits) {
            let tasks = tasks.iter().map(|task| self.task_of(*task)).collect();
            let _ = handler.send(tasks);
        }
    }

    /// Methods that answer nothing.
    async fn tell(self, delegate: &dyn Dispatch, method: Method) {
        match method {
            Method::DidCreateTask => delegate.did_create_task(self.task()).await,
            Method::DidReceiveData { data, length } => match self.data(data, length) {
                Ok(bytes) => delegate.did_receive_data(self.task(), bytes).await,
                Err(error) => tracing::error!(%error, "data is lost"),
            },
            Method::DidBecomeDownloadTask { new } => {
                let download = self.task_of(new);
                delegate.did_become_download_task(self.task(), download).await;
            }
            Method::DidSendBodyData { sent, total, expected } => {
                delegate.did_send_body_data(self.task(), sent, total, expected).await;
            }
            Method::DidWriteData { written, total, expected } => {
                delegate.did_write_data(self.task(), written, total, expected).await;
            }
            Method::DidResumeAtOffset { offset, expected } => {
                delegate.did_resume_at_offset(self.task(), offset, expected).await;
            }
            Method::DidFinishDownloadingTo { file, length, status } => {
                let path = self.shell.path(file);
                let file = TemporaryFile { path, length, status };
                delegate.did_finish_downloading_to(self.task(), file).await;
            }
            Method::DidFinishCollecting { transactions, redirects } => {
                delegate.did_finish_collecting(self.task(), transactions, redirects).await;
            }
            Method::DidComplete { error, status } => {
                delegate.did_complete(self.task(), status, error).await;
            }
            Method::DidFinishEvents => delegate.did_finish_events(self.session()).await,
            Method::DidBecomeInvalid { error } => {
                delegate.did_become_invalid(self.session(), error).await;
            }
            // In background sessions, which always wait, this is never said.
            Method::TaskIsWaitingForConnectivity => {}
            Method::DidReceiveResponse { .. }
            | Method::WillPerformRedirection { .. }
            | Method::WillCacheResponse
            | Method::WillBeginDelayedRequest
            | Method::AllTasks { .. }
            | Method::ResumeData { .. } => unreachable!("answered before: {method:?}"),
        }
    }

    fn data(&self, data: Data, length: u64) -> io::Result<Bytes> {
        match data {
            Data::Chunk(chunk) => self.chunk.clone().ok_or_else(|| {
                io::Error::other(format!("chunk {chunk} is not with the driver any more"))
            }),
            Data::Spool { file, at } => {
                let length = usize::try_from(length).expect("a piece fits into memory");
                self.shell.files().read(file, at, length)
            }
        }
    }
}

fn of_disposition(disposition: Disposition) -> GateAnswer {
    match disposition {
        Disposition::Allow => GateAnswer::Allow,
        Disposition::Cancel => GateAnswer::Cancel,
        Disposition::BecomeDownload => GateAnswer::BecomeDownload,
    }
}

fn of_delayed(answer: Option<Arc<Request>>, asked: &Arc<Request>) -> GateAnswer {
    match answer {
        None => GateAnswer::Cancel,
        Some(request) if Arc::ptr_eq(&request, asked) => GateAnswer::Allow,
        Some(request) => GateAnswer::Use(request),
    }
}
