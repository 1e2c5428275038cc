//! Sessions, tasks and delegates.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use sleepwalker_engine::{
    Configuration, Delegate, Disposition, Engine, ErrorCode, Implements, Knobs, OpenError, Request,
    ResumeData, Session, StoreError, Task, TaskError, TemporaryFile,
};
use tokio::sync::mpsc;

use super::origin::{LENGTH, Origin, content};

/// Tells all that it is told, and keeps each file under the number of its task.
struct Recorder {
    told: mpsc::UnboundedSender<Told>,
    keep: PathBuf,
    answer: Disposition,
}

#[derive(Debug, PartialEq)]
enum Told {
    Response(u16, Option<u64>),
    Data(Bytes),
    Became(Task),
    Sent(u64, u64),
    Written(u64),
    ResumedAt(u64),
    File(u16, u64),
    Collected(u32, u32),
    Complete(Option<u16>, Option<TaskError>),
    Invalid,
}

impl Recorder {
    fn tell(&self, told: Told) {
        // A test that has seen enough does not listen any more.
        let _ = self.told.send(told);
    }
}

impl Delegate for Recorder {
    fn implements(&self) -> Implements {
        Implements {
            did_receive_response: true,
            did_finish_collecting: true,
            ..Implements::default()
        }
    }

    async fn did_receive_response(
        &self,
        _: Task,
        status: u16,
        expected: Option<u64>,
    ) -> Disposition {
        self.tell(Told::Response(status, expected));
        self.answer
    }

    async fn did_receive_data(&self, _: Task, data: Bytes) {
        self.tell(Told::Data(data));
    }

    async fn did_become_download_task(&self, _: Task, download: Task) {
        self.tell(Told::Became(download));
    }

    async fn did_send_body_data(&self, _: Task, _: u64, total: u64, expected: u64) {
        self.tell(Told::Sent(total, expected));
    }

    async fn did_write_data(&self, _: Task, _: u64, total: u64, _: Option<u64>) {
        self.tell(Told::Written(total));
    }

    async fn did_resume_at_offset(&self, _: Task, offset: u64, _: Option<u64>) {
        self.tell(Told::ResumedAt(offset));
    }

    async fn did_finish_downloading_to(&self, task: Task, file: TemporaryFile) {
        let (status, length) = (file.status, file.length);
        file.move_to(&self.keep.join(task.id().to_string())).expect("moved");
        assert!(!file.path.exists());
        self.tell(Told::File(status, length));
    }

    async fn did_finish_collecting(&self, _: Task, transactions: u32, redirects: u32) {
        self.tell(Told::Collected(transactions, redirects));
    }

    async fn did_complete(&self, _: Task, status: Option<u16>, error: Option<TaskError>) {
        self.tell(Told::Complete(status, error));
    }

    async fn did_become_invalid(&self, _: Session, _: Option<TaskError>) {
        self.tell(Told::Invalid);
    }
}

struct Program {
    engine: Engine,
    session: Session,
    told: mpsc::UnboundedReceiver<Told>,
}

impl Program {
    fn start(folder: &Path, answer: Disposition) -> Program {
        let knobs = Knobs { checkpoint_bytes: 128 << 10, ..Knobs::default() };
        let engine = Engine::builder(folder.join("state")).knobs(knobs).open().expect("opens");
        let (teller, told) = mpsc::unbounded_channel();
        let recorder = Recorder { told: teller, keep: folder.to_owned(), answer };
        let configuration = Configuration::default();
        let session = engine.session("photos", configuration, recorder).expect("a session");
        Program { engine, session, told }
    }

    async fn next(&mut self) -> Told {
        self.told.recv().await.expect("the delegate holds a sender")
    }

    /// The next that is not progress.
    async fn event(&mut self) -> Told {
        loop {
            match self.next().await {
                Told::Written(_) | Told::Sent(..) => {}
                told => return told,
            }
        }
    }

    /// Waits for two tellings of progress: what came before the first is on disk by then.
    async fn half_way(&mut self) {
        for _ in 0..2 {
            assert!(matches!(self.next().await, Told::Written(_)));
        }
    }
}

fn world<F: Future<Output = ()>>(test: impl FnOnce(Origin, PathBuf) -> F) {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(test(Origin::start(), folder.path().to_owned()));
}

fn kept(folder: &Path, task: &Task) -> Vec<u8> {
    fs::read(folder.join(task.id().to_string())).expect("the delegate kept it")
}

#[test]
fn a_download_is_handed_over_then_measured_then_complete() {
    world(async |origin, folder| {
        let mut program = Program::start(&folder, Disposition::Allow);
        let request = Request::get(origin.url("/file"));
        let task = program.session.download_task(request).expect("a task");
        task.set_description("film").expect("is there");
        assert_eq!(task.info().and_then(|info| info.description).as_deref(), Some("film"));
        let all = program.session.all_tasks().await.expect("tasks");
        assert_eq!(all, std::slice::from_ref(&task));
        task.resume().expect("starts");
        assert_eq!(program.event().await, Told::File(200, LENGTH));
        assert_eq!(program.event().await, Told::Collected(1, 0));
        assert_eq!(program.event().await, Told::Complete(Some(200), None));
        assert!(kept(&folder, &task) == content(0), "the bytes differ");
        assert_eq!(program.session.all_tasks().await.expect("tasks"), []);
    });
}

#[test]
fn an_error_page_is_a_download_too() {
    world(async |origin, folder| {
        let mut program = Program::start(&folder, Disposition::Allow);
        let request = Request::get(origin.url("/gone"));
        let task = program.session.download_task(request).expect("a task");
        task.resume().expect("starts");
        assert_eq!(program.event().await, Told::File(404, 4));
        assert_eq!(program.event().await, Told::Collected(1, 0));
        assert_eq!(program.event().await, Told::Complete(Some(404), None));
        assert_eq!(kept(&folder, &task), b"gone");
    });
}

#[test]
fn a_download_goes_on_in_the_next_engine() {
    world(async |origin, folder| {
        origin.allow(LENGTH / 2);
        let mut program = Program::start(&folder, Disposition::Allow);
        let request = Request::get(origin.url("/file"));
        let task = program.session.download_task(request).expect("a task");
        task.resume().expect("starts");
        program.half_way().await;
        program.engine.close().await;
        origin.allow_all();
        let mut again = Program::start(&folder, Disposition::Allow);
        assert_eq!(again.engine.busy_sessions(), ["photos"]);
        assert_eq!(again.event().await, Told::File(206, LENGTH));
        assert!(kept(&folder, &task) == content(0), "the bytes differ");
        let heads = origin.heads();
        assert_eq!(heads.len(), 2);
        assert!(heads[1].contains_key("range"), "{:?}", heads[1]);
        assert_eq!(heads[1]["if-range"], "\"v0\"");
    });
}

#[test]
fn what_ended_before_the_session_was_created_is_told_when_it_is() {
    world(async |origin, folder| {
        let mut program = Program::start(&folder, Disposition::Allow);
        origin.allow(LENGTH / 2);
        let request = Request::get(origin.url("/file"));
        program.session.download_task(request).expect("a task").resume().expect("starts");
        program.half_way().await;
        program.engine.close().await;
        origin.allow_all();
        let noted = Arc::new(tokio::sync::Notify::new());
        let noting = Arc::clone(&noted);
        let engine = Engine::builder(folder.join("state"))
            .on_note(move |note| {
                if matches!(note, sleepwalker_engine::Note::Finished { .. }) {
                    noting.notify_one();
                }
            })
            .open()
            .expect("opens");
        noted.notified().await;
        engine.close().await;
        let mut again = Program::start(&folder, Disposition::Allow);
        assert_eq!(again.next().await, Told::File(206, LENGTH));
        assert_eq!(origin.heads().len(), 2);
    });
}

#[test]
fn an_upload_sends_the_copy_and_hears_the_response() {
    world(async |origin, folder| {
        let mut program = Program::start(&folder, Disposition::Allow);
        let body = folder.join("body");
        fs::write(&body, content(7)).expect("writes");
        let request = Request::new("POST", origin.url("/upload"));
        let task = program.session.upload_task(request, &body).expect("a task");
        fs::remove_file(&body).expect("is there");
        task.resume().expect("starts");
        let mut last = 0;
        let told = loop {
            match program.next().await {
                Told::Sent(total, LENGTH) if total > last => last = total,
                told => break told,
            }
        };
        assert_eq!(told, Told::Data(Bytes::from_static(b"thanks!")));
        assert_eq!(program.event().await, Told::Collected(1, 0));
        assert_eq!(program.event().await, Told::Complete(Some(201), None));
        assert!(origin.bodies() == [content(7)], "the bytes differ");
        assert_eq!(files(&folder), 0);
    });
}

/// How many files the engine holds.
fn files(folder: &Path) -> usize {
    fs::read_dir(folder.join("state/files")).expect("a folder").count()
}

#[test]
fn an_upload_whose_file_is_missing_fails() {
    world(async |origin, folder| {
        let mut program = Program::start(&folder, Disposition::Allow);
        let request = Request::new("POST", origin.url("/upload"));
        let task = program.session.upload_task(request, &folder.join("none")).expect("a task");
        // Whether it is over already does not matter.
        let _ = task.resume();
        loop {
            match program.event().await {
                Told::Complete(None, Some(error)) => {
                    break assert_eq!(error.code, ErrorCode::FILE_DOES_NOT_EXIST);
                }
                Told::Collected(0, 0) => {}
                other => panic!("unexpected {other:?}"),
            }
        }
        assert!(origin.heads().is_empty());
    });
}

#[test]
fn a_data_task_hears_its_response_and_its_data() {
    world(async |origin, folder| {
        let mut program = Program::start(&folder, Disposition::Allow);
        let request = Request::get(origin.url("/file"));
        program.session.data_task(request).expect("a task").resume().expect("starts");
        assert_eq!(program.event().await, Told::Response(200, Some(LENGTH)));
        let mut all = Vec::new();
        loop {
            match program.event().await {
                Told::Data(data) => all.extend_from_slice(&data),
                Told::Collected(..) => {}
                told => break assert_eq!(told, Told::Complete(Some(200), None)),
            }
        }
        assert!(all == content(0), "the bytes differ");
    });
}

#[test]
fn a_data_task_becomes_a_download() {
    world(async |origin, folder| {
        let mut program = Program::start(&folder, Disposition::BecomeDownload);
        let request = Request::get(origin.url("/file"));
        program.session.data_task(request).expect("a task").resume().expect("starts");
        assert_eq!(program.event().await, Told::Response(200, Some(LENGTH)));
        let Told::Became(download) = program.event().await else {
            panic!("it did not become a download");
        };
        loop {
            match program.event().await {
                Told::File(status, length) => break assert_eq!((status, length), (200, LENGTH)),
                Told::Collected(..) | Told::Complete(_, None) => {}
                other => panic!("unexpected {other:?}"),
            }
        }
        assert!(kept(&folder, &download) == content(0), "the bytes differ");
    });
}

#[test]
fn a_cancelled_download_goes_on_from_its_resume_data() {
    world(async |origin, folder| {
        origin.allow(LENGTH / 2);
        let mut program = Program::start(&folder, Disposition::Allow);
        let request = Request::get(origin.url("/file"));
        let task = program.session.download_task(request).expect("a task");
        task.resume().expect("starts");
        program.half_way().await;
        let data = task.cancel_by_producing_resume_data().await.expect("is there");
        let data: ResumeData = data.expect("the origin told a validator");
        let cancelled = loop {
            if let Told::Complete(_, Some(error)) = program.event().await {
                break error;
            }
        };
        assert_eq!(cancelled.code, ErrorCode::CANCELLED);
        origin.allow_all();
        let length = data.length;
        let resumed = program.session.download_task_with_resume_data(data).expect("a task");
        resumed.resume().expect("starts");
        assert_eq!(program.event().await, Told::ResumedAt(length));
        assert!(matches!(program.event().await, Told::File(_, LENGTH)));
        assert!(kept(&folder, &resumed) == content(0), "the bytes differ");
    });
}

#[test]
fn an_invalidated_session_says_so_last() {
    world(async |origin, folder| {
        let mut program = Program::start(&folder, Disposition::Allow);
        let request = Request::get(origin.url("/file"));
        let task = program.session.download_task(request.clone()).expect("a task");
        task.resume().expect("starts");
        program.session.finish_tasks_and_invalidate().expect("is valid");
        program.session.download_task(request).expect_err("takes no more");
        assert_eq!(program.event().await, Told::File(200, LENGTH));
        assert_eq!(program.event().await, Told::Collected(1, 0));
        assert_eq!(program.event().await, Told::Complete(Some(200), None));
        assert_eq!(program.event().await, Told::Invalid);
        task.resume().expect_err("is over");
    });
}

#[test]
fn a_folder_is_used_by_one_engine_at_a_time() {
    world(async |_, folder| {
        let first = Engine::builder(&folder).open().expect("opens");
        let second = Engine::builder(&folder).open().expect_err("is in use");
        assert!(matches!(second, OpenError::Store(StoreError::InUse { .. })), "{second:?}");
        first.close().await;
        Engine::builder(&folder).open().expect("is free").close().await;
    });
}

#[test]
fn without_a_runtime_an_engine_says_what_it_needs() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Engine::builder(folder.path()).open().expect_err("no runtime");
    assert_eq!(error.to_string(), "an engine needs a tokio runtime to run on");
}
