//! Shapes of JSON in one line: `id*:str(32), state*:<A/B>, parts:[{amount*:int}]`. A star marks
//! what must be there; lengths are characters; nothing may be there that the shape does not name.

use serde_json::Value;

/// What a place may hold.
#[derive(Debug)]
enum Shape {
    Text(usize),
    Integer,
    Flag,
    /// RFC 3339 with seconds and an offset.
    Time,
    /// Base64.
    Sealed,
    OneOf(Vec<String>),
    List(Box<Shape>),
    Object(Vec<Field>),
}

#[derive(Debug)]
struct Field {
    name: String,
    required: bool,
    shape: Shape,
}

/// Panics unless the value has the shape.
#[track_caller]
pub(crate) fn check(shape: &str, value: &Value) {
    let mut rest = shape;
    let fields = fields(&mut rest);
    assert_eq!(rest, "", "a shape is read to its end: {shape}");
    if let Err(fault) = Shape::Object(fields).fault(value, "") {
        panic!("{fault}: {value}");
    }
}

fn fields(rest: &mut &str) -> Vec<Field> {
    let mut fields = Vec::new();
    while !rest.is_empty() && !rest.starts_with('}') {
        let (name, after) = rest.split_once(':').unwrap();
        *rest = after;
        let shape = shape(rest);
        *rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        let required = name.ends_with('*');
        fields.push(Field { name: name.trim_end_matches('*').into(), required, shape });
    }
    fields
}

fn shape(rest: &mut &str) -> Shape {
    if let Some(inner) = rest.strip_prefix('{') {
        *rest = inner;
        let fields = fields(rest);
        *rest = rest.strip_prefix('}').unwrap();
        return Shape::Object(fields);
    }
    if let Some(inner) = rest.strip_prefix('[') {
        *rest = inner;
        let item = shape(rest);
        *rest = rest.strip_prefix(']').unwrap();
        return Shape::List(Box::new(item));
    }
    if let Some(inner) = rest.strip_prefix('<') {
        let (literals, after) = inner.split_once('>').unwrap();
        *rest = after;
        return Shape::OneOf(literals.split('/').map(str::to_owned).collect());
    }
    let end = rest.find([',', '}', ']']).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after;
    match word {
        "int" => Shape::Integer,
        "bool" => Shape::Flag,
        "time" => Shape::Time,
        "enc" => Shape::Sealed,
        "str" => Shape::Text(usize::MAX),
        bounded => {
            let bound = bounded.strip_prefix("str(").and_then(|rest| rest.strip_suffix(')'));
            Shape::Text(bound.unwrap().parse().unwrap())
        }
    }
}

impl Shape {
    fn fault(&self, value: &Value, place: &str) -> Result<(), String> {
        let fits = match (self, value) {
            (Self::Text(most), Value::String(text)) => text.chars().count() <= *most,
            (Self::Integer, Value::Number(number)) => number.is_i64(),
            (Self::Flag, Value::Bool(_)) => true,
            (Self::Time, Value::String(text)) => {
                kernel::Timestamp::parse_rfc3339(text).is_some() && text.ends_with("+08:00")
            }
            (Self::Sealed, Value::String(text)) => {
                !text.is_empty()
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
            }
            (Self::OneOf(literals), Value::String(text)) => literals.contains(text),
            (Self::List(shape), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    shape.fault(item, &format!("{place}/{index}"))?;
                }
                true
            }
            (Self::Object(fields), Value::Object(object)) => {
                for Field { name, required, shape } in fields {
                    match object.get(name) {
                        Some(inner) => shape.fault(inner, &format!("{place}/{name}"))?,
                        None if *required => return Err(format!("{place}/{name} is missing")),
                        None => {}
                    }
                }
                if let Some(name) =
                    object.keys().find(|name| !fields.iter().any(|f| f.name == **name))
                {
                    return Err(format!("{place}/{name} is not in the shape"));
                }
                true
            }
            _ => false,
        };
        fits.then_some(()).ok_or_else(|| format!("{place} is no {self:?}"))
    }
}

#[test]
fn a_shape_names_what_does_not_fit() {
    use serde_json::json;
    let told = |value: Value| {
        let shape = "id*:str(2), n:int, at:time, s:<A/B>, list:[{on*:bool}], e:enc";
        Shape::Object(fields(&mut { shape })).fault(&value, "")
    };
    let good = json!({
        "id": "茶茶", "n": 1, "at": "2026-11-22T10:00:00+08:00", "s": "B", "list": [{"on": true}],
        "e": "aGk=",
    });
    assert_eq!(told(good), Ok(()));
    for (bad, place) in [
        (json!({}), "/id is missing"),
        (json!({"id": "abc"}), "/id is no"),
        (json!({"id": null}), "/id is no"),
        (json!({"id": "a", "n": 1.0}), "/n is no"),
        (json!({"id": "a", "at": "2026-11-22T02:00:00Z"}), "/at is no"),
        (json!({"id": "a", "s": "C"}), "/s is no"),
        (json!({"id": "a", "list": [{"on": true}, {}]}), "/list/1/on is missing"),
        (json!({"id": "a", "e": "a b"}), "/e is no"),
        (json!({"id": "a", "x": 1}), "/x is not in the shape"),
    ] {
        assert!(told(bad.clone()).unwrap_err().starts_with(place), "{bad}");
    }
}
