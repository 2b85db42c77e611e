//! Who sees a post, on its way in and out: a part of `translate.rs` and `reply.rs`, with the same rule: by
//! hand, and no decision.

use bytes::Bytes;
use fanfold_engine as engine;
use fanfold_engine::GroupName;
use fanfold_protocol::{Audience, AudienceRef};

/// What an author says.
pub(crate) fn said(audience: &Audience) -> engine::Audience {
    match audience {
        Audience::Everybody => engine::Audience::Everybody,
        Audience::Followers => engine::Audience::Followers,
        Audience::Mutual => engine::Audience::Mutual,
        Audience::Author => engine::Audience::Author,
        Audience::Group { .. } => engine::Audience::group(GroupName::new(audience.name())),
    }
}

/// What a post has.
pub(crate) fn audience(audience: &engine::Audience) -> Audience {
    match audience {
        engine::Audience::Everybody => Audience::Everybody,
        engine::Audience::Followers => Audience::Followers,
        engine::Audience::Mutual => Audience::Mutual,
        engine::Audience::Author => Audience::Author,
        engine::Audience::Group(group) => Audience::Group {
            group: group.id.0,
            name: Bytes::copy_from_slice(group.name.as_str().as_bytes()),
        },
    }
}

/// The same, borrowed.
pub(crate) fn audience_ref(audience: engine::AudienceRef<'_>) -> AudienceRef<'_> {
    match audience {
        engine::AudienceRef::Everybody => AudienceRef::Everybody,
        engine::AudienceRef::Followers => AudienceRef::Followers,
        engine::AudienceRef::Mutual => AudienceRef::Mutual,
        engine::AudienceRef::Author => AudienceRef::Author,
        engine::AudienceRef::Group(group, name) => {
            AudienceRef::Group { group: group.0, name: name.as_bytes() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_keep_their_meaning() {
        let (group, name) = (9, Bytes::from_static(b"family"));
        let cases = [Audience::Everybody, Audience::Followers, Audience::Mutual, Audience::Author];
        for case in cases {
            assert_eq!(audience(&said(&case)), case);
            assert_eq!(audience_ref(said(&case).borrow()), case.borrow());
        }
        let asked = Audience::Group { group, name: name.clone() };
        let told = Audience::Group { group: 0, name };
        assert_eq!(audience(&said(&asked)), told, "the name says which it is");
        assert_eq!(audience_ref(said(&asked).borrow()), told.borrow());
    }
}
