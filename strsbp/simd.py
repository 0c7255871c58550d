"""SIMD lanes: vectors of float32 as values in numba code, kept in the processor's registers.

When a loop runs over an array, the compiler decides what stays in registers, and it keeps nothing
there between loops. A `Lanes` value is an LLVM vector: code that adds a hundred rows to it neither
loads nor stores partial sums. Each lane performs the operations in the order they are written,
rounded like float32 scalars, so results do not depend on the processor; on processors with
narrower registers a value takes several of them.

Available only in compiled code: the functions below, and `+`, `-`, `*`, `/` and `>` of lanes, of
which `>` gives a mask. `like` is any value of the desired width, a power of two up to 64. Arrays
are two-dimensional, float32 and contiguous; indices are not checked.
"""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model


class _Vector(types.Type):
    def __init__(self, width: int):
        self.width = width
        super().__init__(f"{type(self).__name__}({width})")


class Lanes(_Vector):
    """A vector of `width` float32."""

    element = ir.FloatType()


class Mask(_Vector):
    """A vector of `width` booleans, one per lane."""

    element = ir.IntType(1)


def _vector(width: int) -> ir.VectorType:
    return ir.VectorType(Lanes.element, width)


@register_model(Lanes)
@register_model(Mask)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager, vector):
        super().__init__(manager, vector, ir.VectorType(vector.element, vector.width))


def _define_operators() -> None:
    def define(function, emit, result):
        @infer_global(function)
        class _OnLanes(AbstractTemplate):
            def generic(self, arguments, keywords):
                first, *others = arguments
                if isinstance(first, Lanes) and others == [first]:
                    return signature(result(first.width), *arguments)

        @lower_builtin(function, Lanes, Lanes)
        def _lower(context, builder, sig, values):
            return emit(builder, *values)

    for name, emit in dict(add="fadd", sub="fsub", mul="fmul", truediv="fdiv").items():
        for function in (getattr(operator, name), getattr(operator, f"i{name}")):
            define(function, lambda builder, a, b, emit=emit: getattr(builder, emit)(a, b), Lanes)
    define(operator.gt, lambda builder, a, b: builder.fcmp_ordered(">", a, b), Mask)


_define_operators()


def _splat(builder, scalar, vector):
    undefined = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, undefined, zeros)


def _pointer(context, builder, array_type, array, index_types, indices, vector):
    """Address of the elements of `array` starting at `indices`, as a pointer to a `vector`."""
    array = context.make_array(array_type)(context, builder, array)
    indices = [
        context.cast(builder, index, index_type, types.intp)
        for index, index_type in zip(indices, index_types, strict=True)
    ]
    element = cgutils.get_item_pointer(
        context, builder, array_type, array, indices, wraparound=False
    )
    return builder.bitcast(element, vector.as_pointer())


@intrinsic(prefer_literal=True)
def zeros(typing_context, width):
    """`width` zeros; `width` must be a literal."""
    lanes = Lanes(width.literal_value)

    def codegen(context, builder, sig, values):
        return ir.Constant(_vector(lanes.width), None)

    return lanes(width), codegen


@intrinsic
def splat(typing_context, like, value):
    """The float32 `value` in every lane."""

    def codegen(context, builder, sig, values):
        scalar = context.cast(builder, values[1], sig.args[1], types.float32)
        return _splat(builder, scalar, _vector(like.width))

    return like(like, value), codegen


@intrinsic
def load(typing_context, like, array, i, j):
    """array[i, j : j + width]."""

    def codegen(context, builder, sig, values):
        vector = _vector(like.width)
        pointer = _pointer(context, builder, array, values[1], sig.args[2:], values[2:], vector)
        return builder.load(pointer, align=4)

    return like(like, array, i, j), codegen


@intrinsic
def store(typing_context, array, i, j, lanes):
    """array[i, j : j + width] = lanes."""

    def codegen(context, builder, sig, values):
        vector = _vector(lanes.width)
        pointer = _pointer(context, builder, array, values[0], sig.args[1:3], values[1:3], vector)
        builder.store(values[3], pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, i, j, lanes), codegen


@intrinsic
def where(typing_context, mask, a, b):
    """`a` where `mask` is true, else `b`."""

    def codegen(context, builder, sig, values):
        return builder.select(*values)

    return a(mask, a, b), codegen


def _of_each_lane(name, lanes, n_arguments=1):
    """Signature and code that apply LLVM's intrinsic `name` to each lane."""

    def codegen(context, builder, sig, values):
        vector = _vector(lanes.width)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(vector, [vector] * n_arguments),
            f"llvm.{name}.v{lanes.width}f32",
        )
        return builder.call(function, values)

    return lanes(*[lanes] * n_arguments), codegen


@intrinsic
def magnitude(typing_context, lanes):
    """The absolute value."""
    return _of_each_lane("fabs", lanes)


@intrinsic
def root(typing_context, lanes):
    """The square root, correctly rounded."""
    return _of_each_lane("sqrt", lanes)


@intrinsic
def fused(typing_context, a, b, c):
    """a * b + c, rounded once."""
    return _of_each_lane("fma", a, 3)


@intrinsic
def with_sign(typing_context, lanes, of):
    """The magnitudes of `lanes` with the signs of `of`."""
    return _of_each_lane("copysign", lanes, 2)


_SIGN, _SMALLEST_NORMAL, _INFINITE = 0x80000000, 0x00800000, 0x7F800000
_2_64 = 64 << 23
"""Multiplying a float32 by 2^64 adds this to its bits."""
_SHIFT, _SHIFT_BITS = 2.0**-62, (127 - 62) << 23
"""Adding a multiple of 2^-85 below 2^-62 to this puts it in the last bits of the sum."""


def _by_bits(lanes, change):
    """Signature and code that apply `change` to the bits of each lane except the sign."""

    def codegen(context, builder, sig, values):
        integers = ir.VectorType(ir.IntType(32), lanes.width)

        def integer(value):
            return ir.Constant(integers, [value] * lanes.width)

        shift = ir.Constant(_vector(lanes.width), [_SHIFT] * lanes.width)
        word = builder.bitcast(values[0], integers)
        size = builder.and_(word, integer(_SIGN - 1))
        size = change(builder, size, integer, shift)
        return builder.bitcast(
            builder.or_(size, builder.and_(word, integer(_SIGN))), _vector(lanes.width)
        )

    return lanes(lanes), codegen


@intrinsic
def times_2_64(typing_context, lanes):
    """The lanes times 2^64, including subnormal ones; magnitudes must not exceed 2^63.

    A plain multiplication gives the same result, but on many processors it is a hundred times
    slower for subnormal numbers. Adding subnormal numbers is not slower.
    """

    def change(builder, size, integer, shift):
        added = builder.bitcast(builder.add(size, integer(_SHIFT_BITS)), shift.type)
        subnormal = builder.bitcast(builder.fsub(added, shift), size.type)
        is_subnormal = builder.icmp_unsigned("<", size, integer(_SMALLEST_NORMAL))
        return builder.select(is_subnormal, subnormal, builder.add(size, integer(_2_64)))

    return _by_bits(lanes, change)


@intrinsic
def over_2_64(typing_context, lanes):
    """The lanes divided by 2^64; must be multiples of 2^-85, so it is exact. Keeps inf and nan."""

    def change(builder, size, integer, shift):
        added = builder.fadd(builder.bitcast(size, shift.type), shift)
        subnormal = builder.sub(builder.bitcast(added, size.type), integer(_SHIFT_BITS))
        is_subnormal = builder.icmp_unsigned("<", size, integer(_SHIFT_BITS))
        is_finite = builder.icmp_unsigned("<", size, integer(_INFINITE))
        exponent = builder.select(is_finite, integer(_2_64), integer(0))
        return builder.select(is_subnormal, subnormal, builder.sub(size, exponent))

    return _by_bits(lanes, change)


@intrinsic
def ordered_sum(typing_context, lanes):
    """0 + lane 0 + lane 1 + ..., added in this order, float32."""

    def codegen(context, builder, sig, values):
        total = ir.Constant(ir.FloatType(), 0.0)
        for lane in range(lanes.width):
            index = ir.Constant(ir.IntType(32), lane)
            total = builder.fadd(total, builder.extract_element(values[0], index))
        return total

    return types.float32(lanes), codegen


@intrinsic
def bits(typing_context, mask):
    """The mask as a uint64 whose bit k is lane k."""

    def codegen(context, builder, sig, values):
        word = builder.bitcast(values[0], ir.IntType(mask.width))
        return word if mask.width == 64 else builder.zext(word, ir.IntType(64))

    return types.uint64(mask), codegen


@intrinsic
def mask(typing_context, like, bits):
    """The mask whose lane k is bit k of the uint64 `bits`."""

    def codegen(context, builder, sig, values):
        word = context.cast(builder, values[1], sig.args[1], types.uint64)
        if like.width < 64:
            word = builder.trunc(word, ir.IntType(like.width))
        return builder.bitcast(word, ir.VectorType(ir.IntType(1), like.width))

    return Mask(like.width)(like, bits), codegen


@intrinsic
def lowest_bit(typing_context, bits):
    """Position (int64) of the lowest set bit of a uint64, which must not be 0."""

    def codegen(context, builder, sig, values):
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


@intrinsic
def bits_below(typing_context, words, i, limit):
    """A uint64 whose bit k says whether words[i + k] < limit, k = 0 .. 63; inputs are uint32."""

    def codegen(context, builder, sig, values):
        integers = ir.VectorType(ir.IntType(32), 64)
        pointer = _pointer(context, builder, words, values[0], sig.args[1:2], values[1:2], integers)
        loaded = builder.load(pointer, align=4)
        limits = _splat(builder, values[2], integers)
        return builder.bitcast(builder.icmp_unsigned("<", loaded, limits), ir.IntType(64))

    return types.uint64(words, i, types.uint32), codegen
