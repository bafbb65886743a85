//! Reading what callgrind writes: <https://valgrind.org/docs/manual/cl-format.html>, as far as it is needed.

use std::collections::BTreeMap;

/// The instructions of each function itself, without what it calls. `None` for a text that is no such output.
///
/// A function is named once, with a number in brackets, and by its number from then on. A line that begins with a
/// position is a cost; the one after `calls=` is the cost of the callee, which the callee's own lines have already.
pub(crate) fn self_costs(text: &str) -> Option<BTreeMap<String, u64>> {
    let mut names = BTreeMap::new();
    let mut costs = BTreeMap::new();
    let mut current = None;
    let mut of_callee = false;
    text.lines().find(|line| line.starts_with("events: Ir"))?;
    for line in text.lines() {
        if let Some(text) = line.strip_prefix("fn=") {
            current = Some(learn(&mut names, text)?);
        } else if let Some(text) = line.strip_prefix("cfn=") {
            learn(&mut names, text)?;
        } else if line.starts_with("calls=") {
            of_callee = true;
        } else if is_cost(line) {
            let cost: u64 = line.split(' ').nth(1)?.parse().ok()?;
            if !of_callee {
                *costs.entry(current?).or_insert(0) += cost;
            }
            of_callee = false;
        }
    }
    // Two numbers may have one name: the same function in two objects.
    let mut sums = BTreeMap::new();
    for (number, cost) in costs {
        *sums.entry(names.get(&number)?.clone()).or_insert(0) += cost;
    }
    Some(sums)
}

/// The number of a function, whose name is kept where it is said.
fn learn(names: &mut BTreeMap<u32, String>, text: &str) -> Option<u32> {
    let (number, name) = text.strip_prefix('(')?.split_once(')')?;
    let number = number.parse().ok()?;
    if let Some(name) = name.strip_prefix(' ') {
        names.insert(number, name.to_owned());
    }
    Some(number)
}

/// Whether a line begins with a position: absolute, relative, or the same as before.
fn is_cost(line: &str) -> bool {
    let position = line.split(' ').next().unwrap_or_default();
    let digits = position.trim_start_matches(['+', '-']);
    position == "*" || !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
# callgrind format
version: 1
positions: line
events: Ir
summary: 118

ob=(1) counted
fl=(1) a.rs
fn=(1) outer
10 3
+1 5
cfn=(2) inner
calls=2 20
* 100
-1 2

fn=(2)
20 100
fi=(2) b.rs
30 8
fe=(1)

totals: 118
";

    #[test]
    fn what_a_callee_costs_is_counted_once() {
        let costs = self_costs(OUTPUT).unwrap();
        assert_eq!(costs, BTreeMap::from([("outer".into(), 10), ("inner".into(), 108)]));
        assert_eq!(costs.values().sum::<u64>(), 118);
    }

    #[test]
    fn what_is_no_output_of_callgrind_is_no_count() {
        assert_eq!(self_costs(""), None);
        assert_eq!(self_costs("events: Ir\nfn=1 outer\n1 2\n"), None);
        assert_eq!(self_costs("events: Ir\n1 2\n"), None);
        assert_eq!(self_costs("events: Ir\nfn=(1)\n1 2\n"), None);
    }
}
