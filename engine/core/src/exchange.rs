//! One request on the wire, from its connection to where the body of its response goes.

use std::sync::Arc;

use crate::{
    AttemptId, ConnectionId, Core, ErrorCode, Into, Method, Note, Order, Partial, Report, Request,
    ResponseHead, Rule, TaskKey, TaskKind, Time, Wakeup, What, Why,
    connections::Use,
    head::{ContentRange, continues, follow, validator_of, wire_head},
    sessions::Item,
    task::{Decision, Exchange, Phase},
};

impl Core {
    pub(crate) fn on_report(&mut self, report: Report, now: Time) {
        match report {
            Report::Opened(connection) => self.on_opened(connection, now),
            Report::OpenFailed(connection, code) => self.on_open_failed(connection, code, now),
            Report::Closed(connection) => {
                let idle = self.connections.get(connection).map(|c| matches!(c.used, Use::Idle(_)));
                if idle == Some(true) {
                    self.close(connection, Rule::SW_CONN_01, false);
                }
            }
            Report::Sent(attempt, total) => self.on_sent(attempt, total, now),
            Report::Head(attempt, head) => self.on_head(attempt, &head, now),
            Report::Received(attempt, total) => self.on_received(attempt, total, now),
            Report::Chunk(attempt, chunk, length) => self.on_chunk(attempt, chunk, length, now),
            Report::Ended(attempt, reusable) => self.on_ended(attempt, reusable, now),
            Report::Failed(attempt, code) => {
                if let Some(key) = self.live(attempt) {
                    self.drop_connection(key, Rule::BG_NET_01);
                    self.broke(key, code, now);
                }
            }
            Report::Synced(file, length) => self.on_synced(file, length),
            Report::Settled(file) => self.on_settled(file, now),
            Report::FileFailed(file, code) => self.on_file_failed(file, code, now),
            Report::Short(file) => self.on_short(file),
        }
    }

    /// The task that an attempt's reports speak of: another one, if it became a download.
    pub(crate) fn owner(&self, key: TaskKey) -> TaskKey {
        self.converted.get(&key).copied().unwrap_or(key)
    }

    /// The task of an attempt that is still on the wire.
    pub(crate) fn live(&self, attempt: AttemptId) -> Option<TaskKey> {
        let key = self.owner(attempt.task);
        let exchange = self.task(key)?.phase.exchange()?;
        (exchange.attempt == attempt).then_some(key)
    }

    fn on_opened(&mut self, id: ConnectionId, now: Time) {
        let Some(connection) = self.connections.get(id) else {
            return;
        };
        let Use::Opening(key, until) = connection.used else { return };
        let (session, host) = (connection.session, connection.host.clone());
        self.timers.disarm(until, Wakeup::Opening(id));
        self.emit(Rule::BG_SCHED_13, What::Note(Note::Opened { connection: id, session, host }));
        self.send(key, id, false, now);
    }

    fn on_open_failed(&mut self, id: ConnectionId, code: ErrorCode, now: Time) {
        let Some(connection) = self.connections.get(id) else {
            return;
        };
        let Use::Opening(key, _) = connection.used else { return };
        self.forget_opening(id);
        self.broke(key, code, now);
    }

    /// Sends the request of a task on a connection.
    pub(crate) fn send(&mut self, key: TaskKey, connection: ConnectionId, reused: bool, now: Time) {
        let if_range = self.keep(Rule::BG_RES_06);
        let host = &self.connections.get(connection).expect("the connection is open").host;
        let host = host.clone();
        let fills_in = self.keep(Rule::BG_CFG_18);
        let tells_restart = self.keep(Rule::BG_UP_12);
        let task = self.task_mut(key).expect("a task that starts is there");
        task.attempts += 1;
        task.sent = 0;
        task.told.0 = 0;
        let attempt = AttemptId { task: key, number: task.attempts };
        let request = task.next_request().clone();
        let validator = task.row.partial.as_ref().and_then(|part| part.validator.as_ref());
        let resumes = validator.filter(|_| task.received > 0);
        let from = resumes.map(|_| task.received);
        // A redirect that made a GET of it left the body behind.
        let left = request.method == "GET" && task.row.request.method != "GET";
        let body = task.body().filter(|_| task.hop.is_none() || !left);
        if body.is_some() {
            task.noted = 0;
        }
        let additional = &task.row.configuration.additional_headers;
        let mut head = wire_head(&request, &host, additional, fills_in);
        if let (Some(from), Some(validator)) = (from, resumes) {
            head.headers.push(("range".into(), format!("bytes={from}-")));
            if if_range {
                head.headers.push(("if-range".into(), validator.as_str().to_owned()));
            }
        }
        let exchange = Exchange {
            attempt,
            connection,
            reused,
            from,
            status: None,
            expected: None,
            validator: None,
            spool: None,
            active_at: now,
            idle_at: None,
            window: None,
            held: false,
        };
        let started = Note::Started { attempt, request, from, connection };
        self.connections.set_busy(connection, attempt);
        self.set_phase(key, Phase::Requesting(exchange));
        let rule = self.start_rule(key, from.is_some());
        // A body that begins again is a new attempt, so that its totals may go back.
        if tells_restart || body.is_none() || attempt.number == 1 {
            self.emit(rule, What::Note(started));
        }
        self.order(rule, Order::Send { attempt, connection, head, body });
        self.arm_idle(key);
        if body.is_some() {
            self.arm_window(key, now);
        }
    }

    fn start_rule(&self, key: TaskKey, resumes: bool) -> Rule {
        let task = self.task(key).expect("a task that starts is there");
        match () {
            () if task.hop.is_some() => Rule::BG_REDIR_01,
            () if resumes => Rule::BG_RES_06,
            () if task.attempts > 1 && task.body().is_some() => Rule::BG_UP_12,
            () if task.attempts > 1 => Rule::BG_NET_02,
            () if task.is_discretionary() => Rule::BG_SCHED_01,
            () if self.is_background(key) => Rule::BG_SCHED_08,
            () => Rule::BG_KIND_13,
        }
    }

    pub(crate) fn request_timeout(&self, key: TaskKey) -> std::time::Duration {
        let task = self.task(key).expect("the task is on the wire");
        task.row.request.timeout.unwrap_or(task.row.configuration.timeout_for_request)
    }

    /// A connection that is being opened leaves the table; whether it was there.
    pub(crate) fn forget_opening(&mut self, id: ConnectionId) -> bool {
        let Some(connection) = self.connections.remove(id) else {
            return false;
        };
        if let Use::Opening(_, until) = connection.used {
            self.timers.disarm(until, Wakeup::Opening(id));
        }
        true
    }

    /// Arms the request timeout; it is looked at only when it ends (BG-NET-07).
    pub(crate) fn arm_idle(&mut self, key: TaskKey) {
        let timeout = self.request_timeout(key);
        let task = self.task_mut(key).expect("the task has an exchange");
        let Some(exchange) = task.phase.exchange_mut() else {
            return;
        };
        let at = exchange.active_at + timeout;
        let attempt = exchange.attempt;
        let old = exchange.idle_at.replace(at);
        if let Some(old) = old {
            self.timers.disarm(old, Wakeup::Idle(attempt));
        }
        self.timers.arm(at, Wakeup::Idle(attempt));
    }

    /// Begins a window of the throughput floor, for background transfers (BG-NET-10).
    pub(crate) fn arm_window(&mut self, key: TaskKey, now: Time) {
        if !self.is_background(key) {
            return;
        }
        let at = now + self.knobs.throughput_window;
        let task = self.task_mut(key).expect("the task has an exchange");
        let bytes = task.received + task.sent;
        let Some(exchange) = task.phase.exchange_mut() else {
            return;
        };
        exchange.window = Some((at, bytes));
        let attempt = exchange.attempt;
        self.timers.arm(at, Wakeup::Throughput(attempt));
    }

    fn on_head(&mut self, attempt: AttemptId, head: &ResponseHead, now: Time) {
        let Some(key) = self.live(attempt) else {
            return;
        };
        let background = self.is_background(key);
        let task = self.task_mut(key).expect("the attempt is live");
        if !matches!(task.phase, Phase::Requesting(_)) {
            return;
        }
        let exchange = task.phase.exchange_mut().expect("the attempt is live");
        exchange.expected = head.length;
        exchange.validator = validator_of(head);
        exchange.status = Some(head.status);
        exchange.active_at = now;
        task.status_seen = Some(head.status);
        let range = head.get("content-range").and_then(ContentRange::parse);
        let start = range.as_ref().map(|range| range.start).filter(|_| head.status == 206);
        let note = Note::Head { attempt, status: head.status, length: head.length, from: start };
        self.emit(Rule::BG_NET_11, What::Note(note));
        if matches!(head.status, 301 | 302 | 303 | 307 | 308) {
            return self.on_redirect(key, head, now);
        }
        let task = self.task(key).expect("the attempt is live");
        match &task.row.kind {
            TaskKind::Download => self.begin_download(key, head, range.as_ref(), now),
            TaskKind::Upload(_) if background && self.keep(Rule::BG_KIND_10) => {
                self.begin_spool(key, head, now);
            }
            TaskKind::Data | TaskKind::Upload(_) => self.ask_about_response(key, head, now),
        }
    }

    fn on_redirect(&mut self, key: TaskKey, head: &ResponseHead, now: Time) {
        let limit = self.knobs.redirects;
        let strip = self.keep(Rule::BG_REDIR_04);
        let task = self.task(key).expect("the attempt is live");
        let from = task.next_request().clone();
        let target = head.get("location").and_then(|text| from.url.join(text).ok());
        let many = task.redirects >= limit;
        let code = match &target {
            None => Some(ErrorCode::REDIRECT_WITHOUT_LOCATION),
            Some(_) if many && self.keep(Rule::BG_REDIR_03) => Some(ErrorCode::TOO_MANY_REDIRECTS),
            Some(_) => None,
        };
        if let Some(code) = code {
            self.stop(key, Rule::BG_REDIR_03, Why::Failed(code));
            return self.fail(key, Rule::BG_REDIR_03, code, now);
        }
        let target = target.expect("checked above");
        let next = Arc::new(follow(&from, head.status, target, strip));
        let session = &self.sessions[&key.session];
        let silent = session.is_background() && self.keep(Rule::BG_REDIR_01);
        let asks = session.implements.will_perform_redirection && self.keep(Rule::BG_REDIR_02);
        if silent || !asks {
            return self.follow_redirect(key, next);
        }
        let method = Method::WillPerformRedirection { status: head.status, to: next.clone() };
        self.decide(key, Decision::Redirect(next), method);
    }

    /// Holds an attempt until the delegate has answered.
    fn decide(&mut self, key: TaskKey, decision: Decision, method: Method) {
        self.carry(key, |exchange| Phase::Deciding(exchange, decision));
        self.push(key.session, Item::Say(Some(key.task), method));
    }

    pub(crate) fn exchange(&self, key: TaskKey) -> &Exchange {
        let task = self.task(key).expect("the attempt is live");
        task.phase.exchange().expect("the attempt is live")
    }

    /// Moves a live attempt on to another phase of its exchange; the books of the phases, which tell
    /// running from waiting, stay as they are.
    pub(crate) fn carry(&mut self, key: TaskKey, next: impl FnOnce(Exchange) -> Phase) {
        let task = self.task_mut(key).expect("the attempt is live");
        let phase = std::mem::replace(&mut task.phase, Phase::Suspended);
        task.phase = next(phase.into_exchange().expect("the attempt is live"));
    }

    /// Reads the redirecting response away; then the next request follows.
    pub(crate) fn follow_redirect(&mut self, key: TaskKey, next: Arc<Request>) {
        let attempt = self.exchange(key).attempt;
        self.carry(key, |exchange| Phase::Redirecting(exchange, next));
        self.order(Rule::BG_REDIR_01, Order::Receive(attempt, Into::Nowhere));
    }

    fn ask_about_response(&mut self, key: TaskKey, head: &ResponseHead, now: Time) {
        let task = self.task_mut(key).expect("the attempt is live");
        let exchange = task.phase.exchange_mut().expect("the attempt is live");
        exchange.expected = head.length;
        if self.sessions[&key.session].implements.did_receive_response
            && self.keep(Rule::BG_DATA_01)
        {
            let method = Method::DidReceiveResponse { status: head.status, expected: head.length };
            self.decide(key, Decision::Response, method);
            if self.keep(Rule::BG_ORD_07) {
                return;
            }
        }
        self.allow_response(key, now);
    }

    /// The body of a data task, or of an in-process upload, may come.
    pub(crate) fn allow_response(&mut self, key: TaskKey, now: Time) {
        let attempt = self.exchange(key).attempt;
        self.carry(key, |exchange| Phase::Receiving(Exchange { active_at: now, ..exchange }));
        self.task_mut(key).expect("the attempt is live").noted = 0;
        self.order(Rule::SW_DATA_01, Order::Receive(attempt, Into::Chunks));
        self.arm_idle(key);
    }

    /// The response's body is kept for the app: after its own body an upload is like a data task
    /// (BG-UP-03).
    fn begin_spool(&mut self, key: TaskKey, head: &ResponseHead, now: Time) {
        let spool = self.keep(Rule::BG_UP_03).then(|| self.new_file());
        let attempt = self.exchange(key).attempt;
        self.carry(key, |exchange| {
            let expected = head.length;
            Phase::Receiving(Exchange { spool, expected, active_at: now, ..exchange })
        });
        self.task_mut(key).expect("the attempt is live").received = 0;
        let into = match spool {
            Some(file) => {
                self.files_in_use.insert(file, key);
                Into::File { file, at: 0 }
            }
            None => Into::Nowhere,
        };
        self.order(Rule::BG_UP_03, Order::Receive(attempt, into));
    }

    /// Decides where the body of a download begins, by status, range and validator (BG-RES-06).
    pub(crate) fn begin_download(
        &mut self,
        key: TaskKey,
        head: &ResponseHead,
        range: Option<&ContentRange>,
        now: Time,
    ) {
        let task = self.task(key).expect("the attempt is live");
        let exchange = task.phase.exchange().expect("the attempt is live");
        let attempt = exchange.attempt;
        let part = task.row.partial.as_ref();
        let own_range = exchange.from.is_none() && task.next_request().has_field("range");
        let offset = match (exchange.from, head.status) {
            (Some(from), 206) => {
                let part = part.expect("a range is asked for a partial file");
                if !continues(part, head, range, from) && self.keep(Rule::BG_RES_05) {
                    return self.start_over(key, now);
                }
                from
            }
            (Some(_), 416) => return self.start_over(key, now),
            // What an app asked for by a range of its own is a whole for its task (SW-RANGE-01).
            (None, 206) if own_range && self.keep(Rule::SW_RANGE_01) => 0,
            (None, 206) => {
                let code = ErrorCode::BAD_SERVER_RESPONSE;
                self.stop(key, Rule::BG_NET_14, Why::BadResponse);
                return self.fail(key, Rule::BG_NET_14, code, now);
            }
            _ => 0,
        };
        let held = part.map(|part| (part.file, part.length));
        let file = held.map_or_else(|| self.new_file(), |(file, _)| file);
        let expected = match head.status {
            206 if !own_range => range.and_then(|r| r.whole).or(head.length.map(|l| l + offset)),
            _ => head.length,
        };
        // A range inside a range is asked for by nobody: what breaks begins anew.
        let validator = validator_of(head).filter(|_| !own_range);
        let told = self.task(key).is_some_and(|task| task.tells_offset);
        let task = self.task_mut(key).expect("the attempt is live");
        task.tells_offset = false;
        task.received = offset;
        if offset == 0 {
            task.told.1 = 0;
            task.noted = 0;
        } else {
            task.told.1 = task.told.1.max(offset);
        }
        let length = held.map_or(0, |(_, length)| length.min(offset));
        task.row_mut().partial = Some(Partial { file, length, expected, validator });
        self.files_in_use.insert(file, key);
        self.touch(key);
        if told && self.keep(Rule::BG_RES_04) {
            let method = Method::DidResumeAtOffset { offset, expected };
            self.push(key.session, Item::Say(Some(key.task), method));
        }
        self.carry(key, |exchange| {
            Phase::Receiving(Exchange { expected, active_at: now, ..exchange })
        });
        let rule = if offset > 0 { Rule::BG_RES_06 } else { Rule::BG_RES_05 };
        self.order(rule, Order::Receive(attempt, Into::File { file, at: offset }));
        self.arm_window(key, now);
    }

    /// The bytes held are of no use: a new attempt asks for the whole.
    fn start_over(&mut self, key: TaskKey, now: Time) {
        self.stop(key, Rule::BG_RES_05, Why::Changed);
        let task = self.task_mut(key).expect("the attempt was live");
        task.received = 0;
        task.told.1 = 0;
        task.noted = 0;
        let part = task.row_mut().partial.take();
        self.touch(key);
        if let Some(part) = part {
            self.files_in_use.remove(&part.file);
            self.order(Rule::BG_RES_05, Order::Remove(part.file));
        }
        self.set_phase(key, Phase::Suspended);
        self.enqueue(key, now);
    }

    /// The driver stops an exchange where it is.
    pub(crate) fn freeze(&mut self, key: TaskKey, attempt: AttemptId, rule: Rule) {
        let task = self.task_mut(key).expect("the attempt is live");
        let exchange = task.phase.exchange_mut().expect("the attempt is live");
        exchange.held = true;
        let idle_at = exchange.idle_at.take();
        if let Some(at) = idle_at {
            self.timers.disarm(at, Wakeup::Idle(attempt));
        }
        self.order(rule, Order::Hold(attempt));
    }

    /// A held exchange goes on, or has lost its time (BG-QUIT-16).
    pub(crate) fn thaw(&mut self, key: TaskKey, attempt: AttemptId, now: Time) {
        let app_suspended = self.task(key).is_some_and(|task| task.row.suspensions > 0);
        if app_suspended {
            return;
        }
        let timeout = self.request_timeout(key);
        let task = self.task_mut(key).expect("the attempt is live");
        let exchange = task.phase.exchange_mut().expect("the attempt is live");
        exchange.held = false;
        if exchange.active_at + timeout <= now {
            self.stop(key, Rule::BG_QUIT_16, Why::Idle);
            return self.fail(key, Rule::BG_QUIT_16, ErrorCode::TIMED_OUT, now);
        }
        self.order(Rule::BG_QUIT_16, Order::Continue(attempt));
        self.arm_idle(key);
    }
}
