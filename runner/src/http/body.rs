//! A body read as it comes: where it ends (RFC 9112 §6.3), and nothing of it kept.

use super::{Framing, HEAD_MAX_BYTES, Malformed, Method, end_of_trailers, final_head};

/// The head of an answer whose body is still to be read.
#[derive(Debug)]
pub struct Begun {
    /// The status code.
    pub status: u16,
    /// The server will close the connection after this answer.
    pub closes: bool,
    /// Bytes before the body: interim heads and the head.
    pub head_bytes: usize,
    /// What reads the body.
    pub body: BodyReader,
}

/// Reads the head of one final answer from the start of `bytes`. `Ok(None)` means that more bytes
/// are needed.
///
/// # Errors
///
/// [`Malformed`] where no continuation could make the bytes a valid head.
pub fn begin(bytes: &[u8], method: Method) -> Result<Option<Begun>, Malformed> {
    let Some(head) = final_head(bytes)? else {
        return Ok(None);
    };
    let framing = head.framing(method)?;
    Ok(Some(Begun {
        status: head.status,
        closes: head.closes(&framing),
        head_bytes: head.end,
        body: BodyReader::new(&framing),
    }))
}

/// Where in its body a reader stands.
#[derive(Debug)]
enum Place {
    /// So many bytes of a body of known length are to come.
    Length(u64),
    /// In the line that says how long the next chunk is.
    ChunkSize(Vec<u8>),
    /// So many bytes of a chunk are to come.
    Chunk(u64),
    /// So many bytes of the line break after a chunk have come.
    ChunkEnd(usize),
    /// In the trailer section.
    Trailers(Vec<u8>),
    /// The connection's end will be the body's.
    UntilClose,
    /// The body has been read.
    Whole,
}

/// Reads one body in pieces.
#[derive(Debug)]
pub struct BodyReader {
    place: Place,
}

impl BodyReader {
    fn new(framing: &Framing) -> Self {
        Self {
            place: match framing {
                Framing::Empty | Framing::Length(0) => Place::Whole,
                Framing::Length(length) => Place::Length(*length as u64),
                Framing::Chunked => Place::ChunkSize(Vec::new()),
                Framing::UntilClose => Place::UntilClose,
            },
        }
    }

    /// Reads what belongs to the body from the start of `bytes`, and shows its content to `look`,
    /// without any chunked coding. How many bytes the body took where it ends among them; nothing
    /// where more are to come.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if a chunk or the trailers are not framed rightly.
    pub fn read(
        &mut self,
        bytes: &[u8],
        mut look: impl FnMut(&[u8]),
    ) -> Result<Option<usize>, Malformed> {
        let mut at = 0;
        while !matches!(self.place, Place::Whole) {
            let rest = &bytes[at..];
            if rest.is_empty() {
                return Ok(None);
            }
            at += self.step(rest, &mut look)?;
        }
        Ok(Some(at))
    }

    /// Whether the end of the connection is the end of this body.
    #[must_use]
    pub fn ends_with_connection(&self) -> bool {
        matches!(self.place, Place::UntilClose)
    }

    /// Reads up to the next change of place; how many bytes that took.
    fn step(&mut self, rest: &[u8], look: &mut impl FnMut(&[u8])) -> Result<usize, Malformed> {
        match &mut self.place {
            Place::Length(left) => {
                let (read_bytes, is_last) = content(rest, left, look);
                if is_last {
                    self.place = Place::Whole;
                }
                Ok(read_bytes)
            }
            Place::Chunk(left) => {
                let (read_bytes, is_last) = content(rest, left, look);
                if is_last {
                    self.place = Place::ChunkEnd(0);
                }
                Ok(read_bytes)
            }
            Place::ChunkEnd(come) => {
                if rest[0] != b"\r\n"[*come] {
                    return Err(Malformed::Chunk);
                }
                *come += 1;
                if *come == 2 {
                    self.place = Place::ChunkSize(Vec::new());
                }
                Ok(1)
            }
            Place::UntilClose => {
                look(rest);
                Ok(rest.len())
            }
            Place::ChunkSize(_) | Place::Trailers(_) => self.read_line(rest),
            Place::Whole => Ok(0),
        }
    }

    /// Reads up to the end of a line, which means nothing before it is whole.
    fn read_line(&mut self, rest: &[u8]) -> Result<usize, Malformed> {
        let end = rest.iter().position(|&byte| byte == b'\n');
        let length_bytes = end.map_or(rest.len(), |end| end + 1);
        let piece = &rest[..length_bytes];
        match &mut self.place {
            Place::ChunkSize(line) => {
                line.extend_from_slice(piece);
                match httparse::parse_chunk_size(line) {
                    Ok(httparse::Status::Complete((_, 0))) => {
                        self.place = Place::Trailers(Vec::new());
                    }
                    Ok(httparse::Status::Complete((_, size))) => self.place = Place::Chunk(size),
                    Ok(httparse::Status::Partial) if line.len() <= HEAD_MAX_BYTES => {}
                    Ok(httparse::Status::Partial) | Err(_) => return Err(Malformed::Chunk),
                }
            }
            Place::Trailers(lines) => {
                lines.extend_from_slice(piece);
                if end_of_trailers(lines)?.is_some() {
                    self.place = Place::Whole;
                }
            }
            _ => {}
        }
        Ok(length_bytes)
    }
}

/// Shows as much of `bytes` as is content, of which so much is left: how much that was, and whether
/// it was the last of it.
fn content(bytes: &[u8], left: &mut u64, look: &mut impl FnMut(&[u8])) -> (usize, bool) {
    let most = usize::try_from(*left).unwrap_or(usize::MAX);
    let content = &bytes[..bytes.len().min(most)];
    look(content);
    *left -= content.len() as u64;
    (content.len(), *left == 0)
}
