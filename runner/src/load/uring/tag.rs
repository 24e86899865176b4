//! What comes back with a completion: whose it is, and of which life of that connection.

/// What a completion is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Connect,
    Send,
    Receive,
}

/// What comes back with a completion: kind, generation and number of a connection.
///
/// A closed connection's number is used again; completions of its former life have an older
/// generation, and are told apart by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) kind: Kind,
    pub(super) generation: u32,
    pub(super) at: usize,
}

const GENERATION_BITS: u32 = 30;
pub(super) const GENERATION_MASK: u32 = (1 << GENERATION_BITS) - 1;

impl Tag {
    pub(super) fn pack(self) -> u64 {
        let generation = u64::from(self.generation & GENERATION_MASK);
        (self.kind as u64) << 62 | generation << 32 | self.at as u64
    }

    pub(super) fn unpack(packed: u64) -> Self {
        Self {
            kind: match packed >> 62 {
                0 => Kind::Connect,
                1 => Kind::Send,
                _ => Kind::Receive,
            },
            generation: (packed >> 32) as u32 & GENERATION_MASK,
            at: packed as u32 as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_survives_the_kernel() {
        for kind in [Kind::Connect, Kind::Send, Kind::Receive] {
            for (generation, at) in [(0, 0), (GENERATION_MASK, 12_345), (7, 65_535)] {
                let tag = Tag {
                    kind,
                    generation,
                    at,
                };
                assert_eq!(Tag::unpack(tag.pack()), tag);
            }
        }
    }
}
