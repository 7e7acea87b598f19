//! A WebSocket client of bytes, which may break the protocol as it likes.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::gateway::TestGateway;

const PATIENCE: Duration = Duration::from_secs(20);
const MASK: [u8; 4] = [1, 2, 3, 4];

pub struct RawSocket(TcpStream);

/// The answer to a handshake.
pub struct Handshake {
    pub status: u16,
    pub head: String,
    pub socket: RawSocket,
}

/// A handshake as RFC 6455 has it.
pub const HANDSHAKE: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

impl RawSocket {
    /// Asks for a socket with these headers and no others.
    pub async fn ask(gateway: &TestGateway, target: &str, headers: &[(&str, &str)]) -> Handshake {
        let address = gateway.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let headers = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {address}\r\n{}\r\n",
            headers.collect::<String>()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Handshake {
            status,
            head,
            socket: Self(stream),
        }
    }

    /// Opens a socket; as alice, or as nobody yet.
    pub async fn open(gateway: &TestGateway, as_alice: bool) -> Self {
        let bearer = format!("Bearer {}", gateway.token("alice"));
        let mut headers = HANDSHAKE.to_vec();
        if as_alice {
            headers.push(("Authorization", &bearer));
        }
        let handshake = Self::ask(gateway, "/v1/live", &headers).await;
        assert_eq!(handshake.status, 101, "{}", handshake.head);
        handshake.socket
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Reads until the server's close frame, and returns its payload. The connection must then end in order, which a reset is not.
    pub async fn close_frame(&mut self) -> Vec<u8> {
        let payload = loop {
            let (opcode, payload) = self.frame().await;
            if opcode == 8 {
                break payload;
            }
        };
        let mut rest = Vec::new();
        let end = timeout(PATIENCE, self.0.read_to_end(&mut rest)).await;
        assert_eq!(
            end.expect("the connection ends").expect("without a reset"),
            0
        );
        payload
    }

    /// Reads one frame: its opcode and payload.
    pub async fn frame(&mut self) -> (u8, Vec<u8>) {
        let read = async {
            let first = self.0.read_u8().await.unwrap();
            assert_eq!(first & 0xF0, 0x80, "a whole frame without reserved bits");
            let length = match self.0.read_u8().await.unwrap() {
                126 => usize::from(self.0.read_u16().await.unwrap()),
                length @ 0..126 => usize::from(length),
                _ => panic!("a frame of the server is neither masked nor that large"),
            };
            let mut payload = vec![0; length];
            self.0.read_exact(&mut payload).await.unwrap();
            (first & 0x0F, payload)
        };
        timeout(PATIENCE, read).await.expect("a frame comes")
    }
}

/// Returns a masked frame, given its first byte.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length => {
            frame.push(0x80 | 127);
            frame.extend(u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(
        payload
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

/// Returns the payload of a close frame.
pub fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}
