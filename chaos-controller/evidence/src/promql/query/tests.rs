//! What a text is refused for, and where.

use super::*;

fn refused(text: &str) -> (usize, String) {
    let refused = Query::parse(text).expect_err(text);
    (refused.offset, refused.message)
}

#[test]
fn what_is_not_known_is_refused_where_it_stands() {
    for (text, offset) in [
        ("holt_winters(x[1m], 0.5, 0.5)", 0),
        ("sum(rats(x[1m]))", 4),
        ("x + limitk(1, y)", 4),
        ("x @ start()", 4),
        ("rate(x[1m] @ end())", 13),
        ("x{a=\"1\" or b=\"2\"}", 8),
        ("x atan2 y", 2),
        ("histogram_count(x)", 0),
        ("x + on (a) fill (0) y", 11),
        ("1 + sin(vector(0))", 4),
    ] {
        let (found, message) = refused(text);
        assert_eq!(found, offset, "{text}: {message}");
    }
}

#[test]
fn a_misspelt_function_comes_with_what_was_meant() {
    let refused = Query::parse("sum(rat(x[1m]))").unwrap_err();
    assert_eq!(refused.hint.as_deref(), Some("did you mean `rate`?"));
    assert!(refused.allowed.is_some_and(|allowed| allowed.contains("histogram_quantile")));
}

#[test]
fn a_broken_grammar_is_refused_where_it_breaks() {
    for (text, offset, allowed) in [
        ("", 0, "a metric"),
        ("sum(rate(x[1m])", 3, "`)`"),
        ("x y", 2, "an operator"),
        ("x + ", 4, "a metric"),
        ("rate(x[])", 7, "a duration"),
        ("rate(x[1m)", 9, "`]`"),
        ("x{a=1}", 4, "a text in quotes"),
        ("x{a}", 3, "one of"),
        ("x{a=\"b\" c=\"d\"}", 8, "`,` or `}`"),
        ("x)", 1, "an operator"),
        ("sum by a (x)", 7, "label names"),
        ("x offset y", 9, "a duration"),
        ("clamp(x, , 1)", 9, "a metric"),
        ("x{a=\"b}", 4, "a text in quotes"),
        ("x ? y", 2, "an operator"),
    ] {
        let refused = Query::parse(text).expect_err(text);
        assert_eq!(refused.offset, offset, "{text}: {refused}");
        assert!(refused.allowed.as_ref().is_some_and(|is| is.contains(allowed)), "{text}: {refused}");
    }
}

#[test]
fn a_wrong_type_is_refused_at_its_function() {
    for (text, offset) in [
        ("rate(x)", 0),
        ("rate(x[1m]) + rate(y)", 14),
        ("sum by (a) (rate(x[1m])) / sum by (a) (y[1m])", 27),
        ("1 > 2", 2),
        ("x and 1", 2),
        ("abs(x, 1)", 0),
        ("x{a=~\"(\"}", 5),
        ("label_replace(x, \"9\", \"\", \"a\", \"b\")", 17),
        ("topk(x, y)", 0),
    ] {
        let (found, message) = refused(text);
        assert_eq!(found, offset, "{text}: {message}");
    }
}

#[test]
fn a_query_is_its_text() {
    let text = "sum by (service) (rate(a_total{code!~\"2..\"}[30s])) / on() group_left c";
    let query = Query::parse(text).unwrap();
    assert_eq!((query.text(), query.kind(), query.metrics()), (text, Kind::Vector, vec!["a_total", "c"]));
    let json = serde_json::to_string(&query).unwrap();
    assert_eq!(serde_json::from_str::<Query>(&json).unwrap(), query);
    assert!(serde_json::from_str::<Query>("\"sum(\"").is_err());
}

#[test]
fn the_kind_of_an_answer_is_known_beforehand() {
    for (text, kind) in
        [("1 + 2", Kind::Scalar), ("x", Kind::Vector), ("x[1m]", Kind::Matrix), ("\"x\"", Kind::Text)]
    {
        assert_eq!(Query::parse(text).unwrap().kind(), kind, "{text}");
    }
}
