//! One record, decoded and encoded again.

use bytes::Bytes;

use crate::ids::{Sequence, Timestamp};
use crate::log::layout::RECORD_HEADER_BYTES;
use crate::log::record::{Context, Record, RecordHeader, sign_record};

/// The bytes that the record in `bytes` encodes to; `None` if there is none. Its checksums and its
/// length are made right first.
#[must_use]
pub fn again(bytes: &[u8], sequence: u64, salt: u64) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let body = u32::try_from(bytes.len().checked_sub(RECORD_HEADER_BYTES)?).ok()?;
    super::put(
        &mut bytes,
        crate::log::layout::record_header::BODY_AT,
        body.to_le_bytes().get(..3)?,
    );
    let context = Context { salt, base_time: Timestamp(1_000) };
    let sequence = Sequence(sequence);
    sign_record(&mut bytes, sequence, context);
    let bytes = Bytes::from(bytes);
    let header = RecordHeader::load(&bytes, sequence, context).ok()?;
    let record = Record::decode(header, &bytes, sequence, context).ok()?;
    // What a record means is hashed, too, whenever its key comes again.
    let _ = record.effect.fingerprint();
    let mut out = Vec::new();
    record.encode(sequence, context, &mut out);
    Some(out)
}
