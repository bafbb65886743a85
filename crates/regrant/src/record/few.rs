//! A list that mostly has one element.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

/// A list that keeps a single element in place, and more of them in a [`Vec`].
///
/// The lists of a record mostly have one element: the secret that was spent last, the access token that is in use. With that
/// one in place, a record is copied without an allocation for each of its lists. It reads as a slice, and is made from a `Vec`
/// or an iterator.
#[derive(Clone)]
pub struct Few<T>(Held<T>);

/// A `Vec` that is empty stands for no element, so that the compiler finds room for the difference in most of what is held.
#[derive(Clone)]
enum Held<T> {
    One(T),
    Any(Vec<T>),
}

impl<T> Few<T> {
    /// No element.
    pub const fn new() -> Self {
        Self(Held::Any(Vec::new()))
    }

    /// One element.
    pub const fn one(element: T) -> Self {
        Self(Held::One(element))
    }

    /// Appends an element.
    pub fn push(&mut self, element: T) {
        self.0 = match core::mem::replace(&mut self.0, Held::Any(Vec::new())) {
            Held::Any(rest) if rest.is_empty() => Held::One(element),
            Held::One(first) => Held::Any(Vec::from([first, element])),
            Held::Any(mut rest) => {
                rest.push(element);
                Held::Any(rest)
            }
        };
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Held::One(element) => core::slice::from_ref(element),
            Held::Any(elements) => elements,
        }
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(mut elements: Vec<T>) -> Self {
        match elements.pop() {
            Some(only) if elements.is_empty() => Self::one(only),
            Some(last) => {
                elements.push(last);
                Self(Held::Any(elements))
            }
            None => Self::new(),
        }
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut elements = elements.into_iter();
        let Some(first) = elements.next() else {
            return Self::new();
        };
        let Some(second) = elements.next() else {
            return Self::one(first);
        };
        let mut all = Vec::with_capacity(2 + elements.size_hint().0);
        all.extend([first, second]);
        all.extend(elements);
        Self(Held::Any(all))
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Few<T> {}

impl<T: fmt::Debug> fmt::Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_holds_what_a_vec_would(elements: Vec<u8>) {
            let collected: Few<u8> = elements.iter().copied().collect();
            let mut pushed = Few::new();
            for element in &elements {
                pushed.push(*element);
            }
            prop_assert_eq!(&*collected, &*elements);
            prop_assert_eq!(&*pushed, &*elements);
            prop_assert_eq!(&Few::from(elements), &collected.clone());
        }
    }

    #[test]
    fn two_lists_are_equal_where_their_elements_are() {
        let lists: [&[u8]; 6] = [&[], &[1], &[2], &[1, 2], &[2, 1], &[1, 2, 3]];
        for one in lists {
            for other in lists {
                let equal = Few::from(one.to_vec()) == Few::from(other.to_vec());
                assert_eq!(equal, one == other, "{one:?} {other:?}");
            }
            let list = Few::from(one.to_vec());
            assert!((&list).into_iter().eq(one));
        }
    }

    /// One element, or none, and no allocation.
    #[test]
    fn a_single_element_lies_in_place() {
        let mut pushed = Few::new();
        pushed.push(7);
        for list in [Few::from(alloc::vec![7_u8]), Few::one(7), core::iter::once(7).collect(), pushed] {
            assert!(matches!(list.0, Held::One(7)));
        }
    }
}
