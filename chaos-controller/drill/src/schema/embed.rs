//! Putting one schema into another. Leaves out remote references: everything is in one document.

use serde_json::{Map, Value, json};

/// Makes the place that `pointer` names hold `schema`, whose own definitions move into the host's
/// under `<name>.`. The host's description of the place stays.
pub(super) fn embed(host: &mut Value, pointer: &str, name: &str, mut schema: Value) {
    rename(&mut schema, name);
    let inner = match schema.as_object_mut() {
        Some(map) => {
            map.remove("$schema");
            map.shift_remove("$defs")
        }
        None => None,
    };
    if let Some(place) = host.pointer_mut(pointer) {
        let description = place.get("description").cloned();
        *place = json!({ "$ref": format!("#/$defs/{name}") });
        if let Some(description) = description {
            place["description"] = description;
        }
    }
    let defs = definitions(host);
    defs.insert(name.to_owned(), schema);
    if let Some(Value::Object(inner)) = inner {
        defs.extend(inner.into_iter().map(|(key, def)| (format!("{name}.{key}"), def)));
    }
}

/// Adds `variants`: named overlays that may hold any part of the file, and `null` to remove one.
pub(super) fn add_variants(schema: &mut Value) {
    let Some(properties) = schema.get("properties").cloned() else { return };
    let mut overlay = json!({
        "type": "object",
        "description": "an overlay: a merge patch (RFC 7386) on the rest of the file",
        "properties": properties,
        "additionalProperties": false,
    });
    relax(&mut overlay);
    if let Some(Value::Object(defs)) = schema.get("$defs").cloned() {
        for (name, mut def) in defs {
            relax(&mut def);
            definitions(schema).insert(format!("overlay.{name}"), def);
        }
    }
    definitions(schema).insert("overlay".to_owned(), overlay);
    schema["properties"]["variants"] = json!({
        "type": "object",
        "description": "overlays on this file, by name",
        "additionalProperties": { "$ref": "#/$defs/overlay" },
    });
}

fn definitions(schema: &mut Value) -> &mut Map<String, Value> {
    if !schema["$defs"].is_object() {
        schema["$defs"] = Value::Object(Map::new());
    }
    schema["$defs"].as_object_mut().expect("made an object above")
}

/// Points the references inside a schema at their new names.
fn rename(schema: &mut Value, name: &str) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get_mut("$ref")
                && let Some(key) = target.strip_prefix("#/$defs/")
            {
                *target = format!("#/$defs/{name}.{key}");
            }
            map.values_mut().for_each(|value| rename(value, name));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| rename(value, name)),
        _ => {}
    }
}

/// What may stand in a patch: nothing is required, anything can be removed by `null`.
fn relax(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.shift_remove("required");
            if let Some(Value::String(target)) = map.get_mut("$ref")
                && let Some(key) = target.strip_prefix("#/$defs/")
            {
                *target = format!("#/$defs/overlay.{key}");
            }
            if let Some(Value::Object(properties)) = map.get_mut("properties") {
                for property in properties.values_mut() {
                    relax(property);
                    *property = json!({ "anyOf": [property.take(), { "type": "null" }] });
                }
            }
            for (key, value) in map.iter_mut() {
                match key.as_str() {
                    "properties" => {}
                    "additionalProperties" if value.is_object() => {
                        relax(value);
                        *value = json!({ "anyOf": [value.take(), { "type": "null" }] });
                    }
                    _ => relax(value),
                }
            }
        }
        // Alternatives. What an overlay comes to is checked as a whole, so lax is enough here.
        Value::Array(list) => list.iter_mut().for_each(relax),
        _ => {}
    }
}
