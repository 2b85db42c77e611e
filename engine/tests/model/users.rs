//! What is read of users and between them, and of one post, against the oracle.

use fanfold_engine::{EdgePage, EdgeQuery, PostId, UserId};

use crate::Pair;

impl Pair {
    pub(crate) fn read_edges(&mut self, context: &str) {
        let query = self.workload.edges(self.model.last);
        let context = format!("{context}: {query:?}");
        let page = self.engine.following(&query).unwrap();
        assert_eq!(edges(&page), self.model.following_page(&query).0, "following {context}");
        assert_eq!(page.end, self.model.following_page(&query).1, "following {context}");
        let page = self.engine.followers(&query).unwrap();
        assert_eq!(edges(&page), self.model.followers_page(&query).0, "followers {context}");
        assert_eq!(page.end, self.model.followers_page(&query).1, "followers {context}");
        let query = EdgeQuery { viewer: query.viewer.map(|_| query.user), ..query };
        let page = self.engine.requests(&query).unwrap();
        let expected = self.model.requests_page(&query);
        assert_eq!((edges(&page), page.end), expected, "requests {context}");
    }

    pub(crate) fn read_users(&mut self, context: &str) {
        let (a, viewer) = (self.workload.user(), self.workload.viewer());
        let card = self.engine.user(a, viewer).unwrap();
        let counts = (card.posts, card.followers, card.followees);
        assert_eq!(counts, self.model.counts(a, viewer), "user {a} for {viewer:?}, {context}");
        self.read_relation(context);
    }

    pub(crate) fn read_relation(&mut self, context: &str) {
        let (a, b, viewer) = (self.workload.user(), self.workload.user(), self.workload.viewer());
        let r = self.engine.relation(a, b, None).unwrap();
        let relation = [r.follows, r.followed_by, r.muted, r.blocked, r.blocked_by];
        assert_eq!(relation, self.model.relation(a, b), "relation {a} {b}, {context}");
        assert_eq!(r.apart, self.model.is_apart(a, b), "apart {a} {b}, {context}");
        let is_private = self.engine.user(a, None).unwrap().is_private;
        let asks = [is_private, r.requested, r.requested_by];
        assert_eq!(asks, self.model.asks(a, b), "requests {a} {b}, {context}");
        let id = PostId(self.workload.random.below(self.model.last + 2));
        let found = self.engine.post(id, viewer);
        found.iter().for_each(|(_, post)| self.check_post(post, viewer, context));
        let seen = found.is_ok();
        assert_eq!(seen, self.model.sees_post(id, viewer), "post {id} for {viewer:?}, {context}");
    }

    pub(crate) fn check_post(
        &self,
        post: &fanfold_engine::Post,
        reader: Option<UserId>,
        context: &str,
    ) {
        let expected = &self.model.posts[&post.id.0];
        assert_eq!(post.author, expected.author, "{context}");
        assert_eq!(&post.text[..], &expected.text[..], "{context}");
        assert_eq!(&post.meta[..], &expected.meta[..], "{context}");
        assert_eq!(post.mentions, expected.mentions, "{context}");
        let shown = expected.created_at.unwrap_or(post.committed_at.0);
        assert_eq!(post.at.0, shown, "{context}");
        let link = post.repost.map(|link| (link.parent.0, link.root.0));
        assert_eq!(link, self.model.shown_link(post.id.0, reader), "{context}");
        let of = post.repost.map(|link| link.root_author);
        assert_eq!(of, link.map(|(_, root)| self.model.posts[&root].author), "{context}");
        assert_eq!(post.revision, expected.revision, "{context}");
        assert_eq!(post.audience, expected.audience, "{context}");
        assert_eq!(post.edited_at.is_some(), 0 < post.revision, "{context}");
    }
}

pub(crate) fn edges(page: &EdgePage) -> Vec<(u64, u64)> {
    page.edges.iter().map(|edge| (edge.user.0, edge.sequence.0)).collect()
}
