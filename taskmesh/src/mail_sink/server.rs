use std::{io, net::Ipv4Addr};

use tokio::{
    io::BufReader,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tracing::{debug, warn};

use super::{mailbox::Mailbox, session::Session};

/// How many clients are served at once; more wait to be accepted.
const CONNECTIONS: usize = 100;

/// The running mail server; dropping it cuts its connections, and loses nothing that it has acknowledged.
#[derive(Debug)]
pub struct MailSink {
    server: JoinSet<io::Error>,
}

impl MailSink {
    /// Listens on a loopback port and keeps messages in the mailbox.
    pub async fn start(mailbox: Mailbox, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let mut server = JoinSet::new();
        server.spawn(serve(listener, mailbox));
        Ok(Self { server })
    }

    /// Waits until the server stops by itself, and tells why.
    pub async fn failed(&mut self) -> io::Error {
        match self.server.join_next().await {
            Some(Ok(error)) => error,
            Some(Err(panic)) => io::Error::other(panic),
            None => io::ErrorKind::NotConnected.into(),
        }
    }
}

async fn serve(listener: TcpListener, mailbox: Mailbox) -> io::Error {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if sessions.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    sessions.spawn(talk(stream, mailbox.clone()));
                }
                Err(error) => return error,
            },
            Some(ended) = sessions.join_next() => {
                if let Err(error) = ended {
                    warn!(%error, "mail session panicked");
                }
            }
        }
    }
}

async fn talk(stream: TcpStream, mailbox: Mailbox) {
    let (reader, writer) = stream.into_split();
    if let Err(error) = Session::new(BufReader::new(reader), writer, mailbox)
        .run()
        .await
    {
        debug!(%error, "mail session ended");
    }
}
