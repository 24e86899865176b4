//! Where servers are, what is sent to them, and what is shown of their answers.

use super::{json, load, url};
use controls::scripted::{Reply, Script, Scripted, Worth};
use controls::{Planted, Server};
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;

#[test]
fn a_socket_in_the_file_system_is_loaded_by_both_engines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut piece = [0; 1024];
                while stream
                    .read(&mut piece)
                    .is_ok_and(|read_bytes| read_bytes > 0)
                {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
                }
            });
        }
    });
    let path = path.to_str().unwrap();
    for engine in ["epoll", "auto"] {
        let line = [
            "http://any.example/x",
            "--unix-socket",
            path,
            "--engine",
            engine,
        ];
        let more = [
            "-c",
            "4",
            "-n",
            "500",
            "--expect-body",
            "hi",
            "--no-ceiling",
            "--json",
        ];
        let result = json(&[&line[..], &more].concat());
        assert_eq!(
            (&result["ok"], &result["sent"]),
            (&500.into(), &500.into()),
            "{result}"
        );
    }
    let (status, _, words) = load(&["http://any.example/", "--unix-socket", "/no/such/socket"]);
    assert_eq!(status, 1);
    assert!(
        words.contains("cannot connect to /no/such/socket"),
        "{words}"
    );
}

#[test]
fn a_host_that_is_not_there_is_asked_for_somewhere_else() {
    let server = Server::start(Planted::Nothing);
    let to = server.address.to_string();
    let line = [
        "http://shop.example/welcome",
        "--connect-to",
        &to,
        "-n",
        "20",
        "-c",
        "2",
    ];
    let result = json(&[&line[..], &["--no-ceiling", "--json"]].concat());
    assert_eq!(
        (&result["ok"], &result["url"]),
        (&20.into(), &"http://shop.example/welcome".into())
    );
}

#[test]
fn a_password_is_in_no_output() {
    let server = Server::start(Planted::Nothing);
    let named = url(&server).replace("http://", "http://me:secret@");
    let (status, said, words) = load(&[&named, "-n", "20", "-c", "2", "--no-ceiling", "--json"]);
    assert_eq!(status, 0, "{words}");
    assert!(
        !said.contains("secret") && !words.contains("secret"),
        "{said}{words}"
    );
}

#[test]
fn answers_are_counted_by_status_and_the_first_wrong_one_is_shown() {
    let server = Scripted::start(Script::of(|number, _| match number % 10 {
        0 => Reply::new(
            Worth::BadStatus,
            "HTTP/1.1 503 Busy\r\ncontent-length: 9\r\n\r\ntry\tlater",
        ),
        5 => Reply::new(
            Worth::BadStatus,
            "HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n",
        ),
        _ => Reply::new(
            Worth::Right,
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
        ),
    }));
    let url = format!("http://{}/", server.address);
    let line = [&url, "-n", "100", "-c", "1", "--no-ceiling"];
    let result = json(&[&line[..], &["--json"]].concat());
    assert_eq!(
        result["statuses"].to_string(),
        r#"{"200":80,"404":10,"503":10}"#
    );
    assert_eq!(result["complaint"], "status is 404, not 200");
    let (status, said, _) = load(&line);
    assert_eq!(status, 1);
    assert!(said.contains("  expected       status 200"), "{said}");
    assert!(
        said.contains("  statuses       80 × 200, 10 × 404, 10 × 503"),
        "{said}"
    );
    let only = Scripted::start(Script::of(|_, _| {
        Reply::new(
            Worth::BadStatus,
            "HTTP/1.1 503 Busy\r\ncontent-length: 9\r\n\r\ntry\tlater",
        )
    }));
    let url = format!("http://{}/", only.address);
    let result = json(&[&url, "-n", "10", "-c", "1", "--no-ceiling", "--json"]);
    let shown = r#"status is 503, not 200; its body begins "try\tlater""#;
    assert_eq!(result["complaint"], shown);
}

#[test]
fn flags_of_other_tools_are_answered_with_ours() {
    for (flag, ours) in [
        ("-q", "--rate"),
        ("-s", "--timeout"),
        ("-T", "--timeout"),
        ("-R", "--rate"),
    ] {
        let (status, _, words) = load(&["http://127.0.0.1/", flag, "5"]);
        assert_eq!(status, 2, "{words}");
        assert!(words.contains(ours), "{flag}: {words}");
    }
    let (status, _, words) = load(&["https://127.0.0.1/"]);
    assert_eq!(status, 2);
    assert!(words.contains("TLS is not spoken here"), "{words}");
}
