//! The wire of regrant in http types: parsing, rendering and the dialects of real vendor APIs. No framework, no runtime.
