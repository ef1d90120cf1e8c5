//! Loops as native code.

// The code that Cranelift makes is called by pointer, and its memory is given back by hand.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Mutex;

use cranelift::codegen::{Context, settings};
use cranelift::jit::{JITBuilder, JITModule};
use cranelift::module::{FuncId, Linkage, Module, default_libcall_names};
use cranelift::prelude::*;

use super::emit::{PARAMETERS, Target, emit};
use super::form::{Item, Loop};
use super::shape::{Bases, Shape, pieces, shape};
use crate::kernels::element::Element;
use crate::rules::{Binary, Unary};

/// Code of a shape that so many loops have is made for each of them, with the places in it.
const FEW: usize = 4;

/// The native code of a program's loops.
pub(super) struct Native<T> {
    /// By item, forward and backward: one call for each piece of its trips; none without native code.
    calls: Vec<[Vec<Call<T>>; 2]>,
    indices: Vec<u32>,
    /// How many bytes of code there are.
    bytes: usize,
    /// What holds the code. Taken by `drop`.
    module: Mutex<Option<JITModule>>,
}

/// Native code and where its values stand.
struct Call<T> {
    run: Run<T>,
    bases: Bases,
    trips: usize,
}

/// A piece of a loop that is to be compiled.
struct Use {
    item: usize,
    way: usize,
    bases: Bases,
    trips: Range<usize>,
}

/// Values, adjoints, tables, indices, bases, trips.
type Run<T> = unsafe extern "C" fn(*mut T, *mut T, *const T, *const u32, *const usize, usize);

extern "C" fn unary<T: Element>(function: u32, x: T) -> T {
    x.unary(Unary::ALL[function as usize])
}

extern "C" fn binary<T: Element>(function: u32, a: T, b: T) -> T {
    a.binary(Binary::ALL[function as usize], b)
}

impl<T: Element> Native<T> {
    /// Native code for loops; none where there is no compiler for the processor. A loop whose trips run in order always has code then.
    pub(super) fn new(items: &[Item<T>]) -> Option<Self> {
        let isa = cranelift::native::builder().ok()?;
        let mut flags = settings::builder();
        for (name, value) in [("opt_level", "speed"), ("use_colocated_libcalls", "false"), ("is_pic", "false")] {
            flags.set(name, value).ok()?;
        }
        let isa = isa.finish(settings::Flags::new(flags)).ok()?;
        let mut builder = JITBuilder::with_isa(isa, default_libcall_names());
        builder.symbol("unary", unary::<T> as *const u8).symbol("binary", binary::<T> as *const u8);
        let mut made =
            Compiler::new(JITModule::new(builder), if size_of::<T>() == 4 { types::F32 } else { types::F64 });

        let mut indices = Vec::new();
        let mut shapes: HashMap<Shape, Vec<Use>> = HashMap::new();
        for (number, item) in items.iter().enumerate() {
            let Item::Loop(item) = item else { continue };
            for trips in pieces(item) {
                for way in [0, 1] {
                    if let Some((shape, bases)) = shape(item, trips.clone(), way == 1, &mut indices) {
                        shapes.entry(shape).or_default().push(Use { item: number, way, bases, trips: trips.clone() });
                    }
                }
            }
        }
        let mut ready = Vec::new();
        for (shape, uses) in shapes {
            let few = uses.len() <= FEW;
            let mut shared = None;
            for own in uses {
                let bases = if few { Ok(&own.bases.all[..]) } else { Err(own.bases.all.len()) };
                let function = if let Some(function) = shared { function } else { made.function(&shape, bases)? };
                shared = (!few).then_some(function);
                ready.push((function, own));
            }
        }
        // What goes into a sum comes in order.
        ready.sort_by_key(|(_, own)| own.trips.start);
        made.module.finalize_definitions().ok()?;
        let mut calls: Vec<[Vec<Call<T>>; 2]> = items.iter().map(|_| [Vec::new(), Vec::new()]).collect();
        for (function, Use { item, way, bases, trips }) in ready {
            let code = made.module.get_finalized_function(function);
            // SAFETY: the function was declared with these parameters, for numbers of this type.
            let run = unsafe { std::mem::transmute::<*const u8, Run<T>>(code) };
            calls[item][way].push(Call { run, bases, trips: trips.len() });
        }
        Some(Self { calls, indices, bytes: made.bytes, module: Mutex::new(Some(made.module)) })
    }

    /// Runs a loop, if it has native code; backward if there are adjoints.
    pub(super) fn run(&self, item: &Loop<T>, number: usize, values: &mut [T], adjoints: &mut [T]) -> bool {
        let is_backward = !adjoints.is_empty();
        let calls = &self.calls[number][usize::from(is_backward)];
        for Call { run, bases, trips } in calls {
            let (ends, tables) = (bases.ends, &item.lists.tables);
            assert!(ends.values <= values.len() && ends.tables <= tables.len(), "a loop's values are there");
            assert!(!is_backward || ends.adjoints <= adjoints.len(), "a loop's adjoints are there");
            let (values, adjoints) = (values.as_mut_ptr(), adjoints.as_mut_ptr());
            // SAFETY: the code reads and writes at the bases, at most so far as the ends, and at the indices, which were counted
            // into the ends when the shape was made; that the slices reach to the ends has just been asserted. The code is there as
            // long as its module.
            unsafe { run(values, adjoints, tables.as_ptr(), self.indices.as_ptr(), bases.all.as_ptr(), *trips) };
        }
        if is_backward {
            for &[place, of] in &item.before {
                let adjoint = std::mem::replace(&mut adjoints[place as usize], T::zero());
                adjoints[of as usize] += adjoint;
            }
        }
        !calls.is_empty()
    }
}

impl<T> Native<T> {
    /// How many bytes of code there are.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl<T> fmt::Debug for Native<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of native code", self.bytes)
    }
}

impl<T> Drop for Native<T> {
    fn drop(&mut self) {
        if let Some(module) = self.module.get_mut().ok().and_then(Option::take) {
            // SAFETY: the pointers to its functions go with it.
            unsafe { module.free_memory() };
        }
    }
}

/// A module that is being filled.
struct Compiler {
    module: JITModule,
    context: Context,
    builder: FunctionBuilderContext,
    number: Type,
    bytes: usize,
}

impl Compiler {
    fn new(module: JITModule, number: Type) -> Self {
        let context = module.make_context();
        Self { module, context, builder: FunctionBuilderContext::new(), number, bytes: 0 }
    }

    fn function(&mut self, shape: &Shape, bases: Result<&[usize], usize>) -> Option<FuncId> {
        let module = &mut self.module;
        let mut calls = Vec::new();
        for (arity, name) in ["unary", "binary"].into_iter().enumerate() {
            let mut signature = module.make_signature();
            signature.params.push(AbiParam::new(types::I32));
            signature.params.extend(vec![AbiParam::new(self.number); arity + 1]);
            signature.returns.push(AbiParam::new(self.number));
            calls.push(module.declare_function(name, Linkage::Import, &signature).ok()?);
        }
        let function = &mut self.context.func;
        function.signature = module.make_signature();
        function.signature.params.extend(vec![AbiParam::new(types::I64); PARAMETERS]);
        let id = module.declare_anonymous_function(&function.signature).ok()?;
        let calls = [calls[0], calls[1]].map(|call| module.declare_func_in_func(call, function));
        let target = Target { number: self.number, bases, calls, config: module.target_config() };
        emit(FunctionBuilder::new(function, &mut self.builder), shape, &target);
        module.define_function(id, &mut self.context).ok()?;
        self.bytes += self.context.compiled_code().map_or(0, |code| code.code_buffer().len());
        module.clear_context(&mut self.context);
        Some(id)
    }
}
