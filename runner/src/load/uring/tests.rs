//! Buffers: how long they get, and what becomes of connections that find none.

use super::*;

#[test]
fn buffers_grow_with_answers_up_to_a_bound() {
    let Ok(mut ring) = Ring::new(Arc::from([].as_slice()), 1) else {
        return eprintln!("not run: the kernel does not grant io_uring");
    };
    assert_eq!(ring.buffer(0).len(), 1024);
    let mut first_id = 256;
    for (length_bytes, each_bytes) in [(3_000, 4096), (100_000, 131_072)] {
        assert!(ring.lengthen_buffers(length_bytes).unwrap());
        assert_eq!(ring.buffer(first_id).len(), each_bytes);
        assert!(
            !ring.lengthen_buffers(length_bytes).unwrap(),
            "they are long enough"
        );
        first_id += (1024 * 1024 / each_bytes).min(256) as u16;
    }
    assert!(
        !ring.lengthen_buffers(1 << 30).unwrap(),
        "longer ones would not help"
    );
    assert_eq!(
        ring.buffer(255).len(),
        1024,
        "earlier ones stay what they were"
    );
}

#[test]
fn connections_without_a_buffer_wait_for_one_and_do_not_ask_in_vain() {
    const CONNECTIONS: usize = 128;
    const PIECE_BYTES: usize = 32 * 1024;
    let Ok(mut engine) = Uring::new(Arc::from([].as_slice()), CONNECTIONS) else {
        return eprintln!("not run: the kernel does not grant io_uring");
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::from(listener.local_addr().unwrap());
    engine.expect_answers_of(1 << 20);
    assert!(engine.ring.buffers() < CONNECTIONS / 8);
    let mut peers = Vec::new();
    for at in 0..CONNECTIONS {
        engine.connect(at, &address).unwrap();
        peers.push(listener.accept().unwrap().0);
    }
    for peer in &mut peers {
        peer.write_all(&[b'x'; PIECE_BYTES]).unwrap();
    }
    let (mut received, mut completions) = (vec![0; CONNECTIONS], 0);
    while received.iter().any(|&bytes| bytes < PIECE_BYTES) {
        let patience = Patience {
            timeout: Duration::from_secs(60),
            wanted: CONNECTIONS,
        };
        engine.wait(patience).unwrap();
        completions += engine.completions.len();
        while let Some((at, event)) = engine.next().unwrap() {
            match event {
                Event::Received { place, .. } => received[at] += place.len(),
                Event::Connected(outcome) => outcome.unwrap(),
                _ => panic!("nothing else has happened"),
            }
        }
    }
    // Connected, one time in vain, and a piece or two: not once more in vain for each turn of all the others.
    assert!(completions <= 5 * CONNECTIONS, "{completions}");
}
