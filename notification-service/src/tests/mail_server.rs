use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use crate::config::{SmtpConfig, SmtpSecurity};

/// Behaviour for the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes it.
    Accept,
    /// Takes it and hangs up.
    AcceptAndHangUp,
    /// Answers `RCPT` with this.
    RefuseRecipient(&'static str),
    /// Answers the message with this.
    RefuseMessage(&'static str),
    /// Hangs up at `RCPT`.
    HangUpBefore,
    /// Takes the message and hangs up without an answer.
    HangUpAfter,
    /// Never answers `RCPT`.
    SilentBefore,
    /// Takes the message and never answers.
    SilentAfter,
}

/// A mail server of the test's own: as unreliable as the world.
pub struct MailServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    behaviour: Behaviour,
    messages: Vec<String>,
    connections: usize,
    verbs: Vec<String>,
}

impl MailServer {
    /// Starts a server on a free port.
    pub fn start(behaviour: Behaviour) -> Self {
        Self::start_at(0, behaviour)
    }

    /// Starts a server on a port.
    pub fn start_at(port: u16, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(Mutex::new(State {
                behaviour,
                messages: Vec::new(),
                connections: 0,
                verbs: Vec::new(),
            })),
        };
        let state = Arc::clone(&server.state);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let state = Arc::clone(&state);
                state.lock().unwrap().connections += 1;
                // A client that breaks off ends its thread.
                thread::spawn(move || serve(connection.unwrap(), &state).ok());
            }
        });
        server
    }

    /// Returns a port at which no server listens.
    pub fn free_port() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns the settings of a client of the server at a port.
    pub fn settings(port: u16) -> SmtpConfig {
        SmtpConfig {
            host: "127.0.0.1".to_owned(),
            port: Some(port),
            security: SmtpSecurity::None,
            username: None,
            password: None,
            from: "Taskmesh <reminders@example.com>".to_owned(),
            timeout_ms: 5_000,
        }
    }

    /// Changes what it does from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.state().behaviour = behaviour;
    }

    /// Returns the messages that reached it in full, whatever it answered.
    pub fn messages(&self) -> Vec<String> {
        self.state().messages.clone()
    }

    /// Returns the recipients of those messages, sorted, one entry a message.
    pub fn recipients(&self) -> Vec<String> {
        let to = |message: &String| {
            let line = message.lines().find(|line| line.starts_with("To: "));
            line.unwrap().to_owned()
        };
        let mut recipients: Vec<_> = self.state().messages.iter().map(to).collect();
        recipients.sort();
        recipients
    }

    /// Returns how many connections were made.
    pub fn connections(&self) -> usize {
        self.state().connections
    }

    /// Returns the commands that it was given, without what followed their first word.
    pub fn verbs(&self) -> Vec<String> {
        self.state().verbs.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut stream = stream;
    let behaviour = || state.lock().unwrap().behaviour;
    stream.write_all(b"220 test ESMTP\r\n")?;
    while let Some(line) = lines.next() {
        let line = line?;
        let verb = line
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        state.lock().unwrap().verbs.push(verb.clone());
        let answer = match (verb.as_str(), behaviour()) {
            ("EHLO", _) => "250-test\r\n250 8BITMIME",
            ("RCPT", Behaviour::RefuseRecipient(answer)) => answer,
            ("RCPT", Behaviour::HangUpBefore) => return Ok(()),
            ("RCPT", Behaviour::SilentBefore) => loop {
                thread::park();
            },
            ("DATA", _) => {
                stream.write_all(b"354 go on\r\n")?;
                let mut message = String::new();
                loop {
                    // A client that is killed within a message has sent none.
                    let Some(line) = lines.next() else {
                        return Ok(());
                    };
                    let line = line?;
                    if line == "." {
                        break;
                    }
                    message.push_str(&line);
                    message.push('\n');
                }
                state.lock().unwrap().messages.push(message);
                match behaviour() {
                    Behaviour::RefuseMessage(answer) => answer,
                    Behaviour::HangUpAfter => return Ok(()),
                    Behaviour::SilentAfter => loop {
                        thread::park();
                    },
                    Behaviour::AcceptAndHangUp => {
                        stream.write_all(b"250 2.0.0 taken\r\n")?;
                        return Ok(());
                    }
                    _ => "250 2.0.0 taken",
                }
            }
            ("QUIT", _) => {
                return stream.write_all(b"221 bye\r\n");
            }
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes())?;
    }
    Ok(())
}
