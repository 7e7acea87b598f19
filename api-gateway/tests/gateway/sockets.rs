//! WebSockets byte by byte: how they open and how they end (RFC 6455).

use futures::{StreamExt, stream};
use serde_json::json;

use crate::support::{
    gateway::TestGateway,
    raw_socket::{HANDSHAKE, RawSocket, close_payload, frame},
};

const CLOSE: u8 = 0x88;

/// Starts a gateway before a service that tells one thing and then nothing.
async fn live(more: &[(&str, &str)]) -> TestGateway {
    let gateway = TestGateway::start_with(more).await;
    gateway.services.on_stream("Watch", |_| {
        let message = Ok(json!({"resume_token": "t1"}));
        stream::iter([message]).chain(stream::pending()).boxed()
    });
    gateway
}

fn code(payload: &[u8]) -> u16 {
    u16::from_be_bytes([payload[0], payload[1]])
}

#[tokio::test]
async fn close_frame_is_answered_with_the_same_code() {
    let gateway = live(&[]).await;
    let closes = [
        Vec::new(),
        close_payload(1000, ""),
        close_payload(1001, ""),
        close_payload(1000, "done"),
        close_payload(3000, ""),
        close_payload(4000, "grüße"),
        close_payload(4999, &"x".repeat(123)),
    ];
    for payload in closes {
        let mut before = RawSocket::open(&gateway, false).await;
        before.send(&frame(CLOSE, &payload)).await;
        assert_eq!(before.close_frame().await, payload);

        let mut after = RawSocket::open(&gateway, true).await;
        assert_eq!(after.frame().await.0, 1);
        // What comes behind a close frame does not count.
        let more = [frame(CLOSE, &payload), frame(0x81, b"more")].concat();
        after.send(&more).await;
        assert_eq!(after.close_frame().await, payload);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn broken_frames_are_answered_with_the_fitting_code() {
    let gateway = live(&[]).await;
    let unmasked = vec![0x81, 0x02, b'h', b'i'];
    let cases = [
        ("a reserved bit", frame(0xC1, b"hi"), 1002),
        ("a reserved data opcode", frame(0x83, b""), 1002),
        ("a reserved control opcode", frame(0x8B, b""), 1002),
        ("no mask", unmasked, 1002),
        ("a ping in parts", frame(0x09, b""), 1002),
        ("a large ping", frame(0x89, &[b'x'; 126]), 1002),
        ("a continuation of nothing", frame(0x80, b"x"), 1002),
        (
            "a message within a message",
            [frame(0x01, b"a"), frame(0x81, b"b")].concat(),
            1002,
        ),
        ("half a close code", frame(CLOSE, &[3]), 1002),
        (
            "a code that is none",
            frame(CLOSE, &close_payload(999, "")),
            1002,
        ),
        (
            "a reserved code",
            frame(CLOSE, &close_payload(1004, "")),
            1002,
        ),
        (
            "no code, sent",
            frame(CLOSE, &close_payload(1005, "")),
            1002,
        ),
        (
            "no close, sent",
            frame(CLOSE, &close_payload(1006, "")),
            1002,
        ),
        (
            "a failed TLS, sent",
            frame(CLOSE, &close_payload(1015, "")),
            1002,
        ),
        (
            "a code out of range",
            frame(CLOSE, &close_payload(5000, "")),
            1002,
        ),
        ("a text that is not UTF-8", frame(0x81, &[0xFF]), 1007),
        ("half a letter", frame(0x81, &[0xC3]), 1007),
        (
            "a reason that is not UTF-8",
            frame(CLOSE, &[3, 232, 0xFF]),
            1007,
        ),
        ("too much at once", frame(0x81, &[b'x'; 200_000]), 1009),
        (
            "too much in parts",
            [frame(0x01, &[b'x'; 40_000]), frame(0x80, &[b'x'; 40_000])].concat(),
            1009,
        ),
    ];
    for (what, bytes, expected) in cases {
        for as_alice in [false, true] {
            let mut socket = RawSocket::open(&gateway, as_alice).await;
            // Bytes that nobody reads must not turn the end into a reset, which would overtake the close frame.
            socket.send(&[bytes.as_slice(), &[0; 5_000]].concat()).await;
            assert_eq!(code(&socket.close_frame().await), expected, "{what}");
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn server_closes_in_order_too() {
    let gateway = live(&[]).await;
    let mut wrong = RawSocket::open(&gateway, false).await;
    wrong.send(&frame(0x81, br#"{"token": "a.b.c"}"#)).await;
    assert_eq!(code(&wrong.close_frame().await), 4401);

    let mut talks = RawSocket::open(&gateway, true).await;
    talks.send(&frame(0x82, b"hello")).await;
    assert_eq!(code(&talks.close_frame().await), 1008);

    let mut watches = RawSocket::open(&gateway, true).await;
    assert_eq!(watches.frame().await.0, 1);
    let mut waits = RawSocket::open(&gateway, false).await;
    let stopping = tokio::spawn(gateway.stop());
    assert_eq!(code(&watches.close_frame().await), 1001);
    assert_eq!(code(&waits.close_frame().await), 1001);
    stopping.await.unwrap();
}

#[tokio::test]
async fn ping_is_answered_with_its_payload() {
    let gateway = live(&[]).await;
    for as_alice in [false, true] {
        let mut socket = RawSocket::open(&gateway, as_alice).await;
        if as_alice {
            assert_eq!(socket.frame().await.0, 1);
        }
        socket.send(&frame(0x89, b"there?")).await;
        assert_eq!(socket.frame().await, (0x0A, b"there?".to_vec()));
    }
}

#[tokio::test]
async fn handshake_is_answered_as_the_rfc_has_it() {
    let gateway = live(&[]).await;
    let accepted = RawSocket::ask(&gateway, "/v1/live", &HANDSHAKE).await;
    assert_eq!(accepted.status, 101);
    // The example of RFC 6455, section 1.3.
    let accept = "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n";
    assert!(accepted.head.contains(accept), "{}", accepted.head);
    assert!(!accepted.head.contains("sec-websocket-protocol"));

    let with = |name: &'static str, value: Option<&'static str>| {
        let mut headers = HANDSHAKE.to_vec();
        headers.retain(|(other, _)| *other != name);
        headers.extend(value.map(|value| (name, value)));
        headers
    };
    for (name, value, status) in [
        ("Connection", Some("keep-alive, Upgrade"), 101),
        ("Upgrade", Some("h2c, WebSocket"), 101),
        (
            "Sec-WebSocket-Protocol",
            Some("other, taskmesh.live.v1"),
            101,
        ),
        ("Connection", None, 400),
        ("Connection", Some("keep-alive"), 400),
        ("Sec-WebSocket-Key", None, 400),
        ("Sec-WebSocket-Key", Some("short"), 400),
        ("Sec-WebSocket-Version", None, 426),
        ("Sec-WebSocket-Version", Some("8"), 426),
        ("Sec-WebSocket-Version", Some("14"), 426),
    ] {
        let answer = RawSocket::ask(&gateway, "/v1/live", &with(name, value)).await;
        assert_eq!(answer.status, status, "{name} {value:?}");
        let names_version = answer.head.contains("sec-websocket-version: 13\r\n");
        assert_eq!(names_version, status == 426, "{}", answer.head);
    }
    gateway.stop().await;
}
