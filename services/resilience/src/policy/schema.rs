//! The JSON Schema of a document, made from its types, and the laxer one of a merge patch.
//!
//! The schemas keep to a few keywords, because more than one validator walks them: type, properties,
//! additionalProperties, required, enum, const, anyOf, minimum, maximum, exclusiveMinimum, pattern, items, $ref.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use super::document::Document;

/// The schema of a whole document (JSON Schema 2020-12).
pub fn schema() -> Value {
    whole().clone()
}

/// The schema of a merge patch: nothing is required, and `null` deletes anything.
pub fn patch_schema() -> Value {
    patch().clone()
}

pub(super) fn whole() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema = schemars::schema_for!(Document).to_value();
        tidy(&mut schema);
        schema
    })
}

pub(super) fn patch() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema = whole().clone();
        schema["title"] = json!("Change of a Firedrill policy document (JSON Merge Patch)");
        deletable(&mut schema);
        schema
    })
}

/// An optional field may be missing, never null: takes out what `Option` left, and the formats of Rust's integers.
fn tidy(schema: &mut Value) {
    if let Value::Object(object) = schema {
        object.shift_remove("format");
        if object.get("default").is_some_and(Value::is_null) {
            object.shift_remove("default");
        }
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                object.insert("type".into(), only);
            }
        }
        for list in ["enum", "anyOf"] {
            if let Some(Value::Array(choices)) = object.get_mut(list) {
                choices.retain(|choice| !choice.is_null() && *choice != json!({"type": "null"}));
            }
        }
        if let Some(Value::Array(choices)) = object.get("anyOf")
            && let [Value::Object(only)] = choices.as_slice()
        {
            let only = only.clone();
            object.shift_remove("anyOf");
            object.extend(only.into_iter().filter(|(key, _)| key != "description"));
        }
    }
    each_child(schema, &mut tidy);
}

fn deletable(schema: &mut Value) {
    if let Value::Object(object) = schema {
        object.shift_remove("required");
        let nullable = |member: &mut Value| {
            if member.is_object() {
                let described = member.get("description").cloned();
                let mut either =
                    Map::from_iter([("anyOf".to_owned(), json!([{ "type": "null" }, member.take()]))]);
                either.extend(described.map(|text| ("description".to_owned(), text)));
                *member = Value::Object(either);
            }
        };
        // Children first, or the wrapping would be walked into again.
        each_child(schema, &mut deletable);
        if let Some(Value::Object(members)) = schema.get_mut("properties") {
            members.values_mut().for_each(nullable);
        }
        if let Some(members) = schema.get_mut("additionalProperties") {
            nullable(members);
        }
    }
}

/// Every schema directly inside this one.
fn each_child(schema: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    let Value::Object(object) = schema else {
        return;
    };
    for (key, member) in object {
        match (key.as_str(), member) {
            ("properties" | "$defs", Value::Object(members)) => members.values_mut().for_each(&mut *visit),
            ("anyOf" | "oneOf" | "allOf", Value::Array(choices)) => choices.iter_mut().for_each(&mut *visit),
            ("items" | "additionalProperties", member) => visit(member),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_keeps_to_the_keywords_that_validators_walk() {
        const KNOWN: [&str; 19] = [
            "$schema",
            "$defs",
            "$ref",
            "title",
            "description",
            "type",
            "properties",
            "additionalProperties",
            "required",
            "enum",
            "const",
            "anyOf",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "pattern",
            "items",
            "default",
            "oneOf",
        ];
        fn walk(schema: &mut Value) {
            for (key, value) in schema.as_object().into_iter().flatten() {
                assert!(KNOWN.contains(&key.as_str()), "{key} in {schema}");
                assert!(key != "type" || value.is_string(), "{schema}");
            }
            each_child(schema, &mut walk);
        }
        walk(&mut schema());
        walk(&mut patch_schema());
    }

    #[test]
    fn numbers_have_ranges_and_settings_have_off() {
        let schema = schema();
        let definitions = &schema["$defs"];
        let workers = &definitions["ServerPolicy"]["properties"]["workers"];
        assert_eq!((&workers["minimum"], &workers["maximum"]), (&json!(1), &json!(100_000)), "{workers}");
        let timeout = &definitions["CallPolicy"]["properties"]["attempt_timeout"];
        assert_eq!(timeout["anyOf"], json!([{"const": "off"}, {"$ref": "#/$defs/Span"}]), "{timeout}");
        let bulkhead = &definitions["CallPolicy"]["properties"]["bulkhead"];
        assert_eq!(bulkhead["anyOf"][1]["maximum"], json!(100_000), "{bulkhead}");
        assert_eq!(schema["properties"]["version"]["const"], json!(1));
        assert_eq!(schema["required"], json!(["version"]));
    }
}
