//! Why bytes are not a record: of [`record`](super::record).

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordFault {
    /// The bytes end inside the record.
    Short,
    /// The header's own checksum differs.
    Header,
    /// The checksum over header and body differs.
    Body,
    /// Checksums hold, but the kind is not known to this program.
    UnknownKind(u8),
    /// Checksums hold, but the fields make no sense.
    Malformed,
}

impl std::fmt::Display for RecordFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Short => f.write_str("the file ends inside a record"),
            Self::Header => f.write_str("checksum of the record header differs"),
            Self::Body => f.write_str("checksum of the record differs"),
            Self::UnknownKind(kind) => {
                write!(f, "record of unknown kind {kind}; a newer program wrote it")
            }
            Self::Malformed => f.write_str("the fields of the record make no sense"),
        }
    }
}
