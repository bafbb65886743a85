//! A `Debug` form that names a type and shows nothing of what it holds.

macro_rules! opaque_debug {
    ($($name:ident $(<$life:lifetime>)?),+) => {
        $(impl core::fmt::Debug for $name $(<$life>)? {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })+
    };
}
