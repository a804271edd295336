// Correctly rounded 1 / d and square roots for devices whose own may be wrong by a few units in the
// last place, as OpenCL lets them: 2.5 of a quotient, 3 of a root. Besides FUNCTION it takes FMA,
// which OpenCL rounds once everywhere, and AS_INT and AS_FLOAT, which look at a number's bits.

// `close` is within 3 units of 1 / d; d is positive, and neither near 2^126 nor 2^-126. Two steps
// of Newton's round correctly but for one mantissa, that of ones only (Markstein).
FUNCTION float rounded_reciprocal(float d, float close) {
  const float once = FMA(FMA(-d, close, 1.f), close, close);
  const float twice = FMA(FMA(-d, once, 1.f), once, once);
  const int bits = AS_INT(d);
  const int above_a_power_of_two = ((253 - (bits >> 23)) << 23) | 1;
  return (bits & 0x7fffff) == 0x7fffff ? AS_FLOAT(above_a_power_of_two) : twice;
}

// `close` is within 3 units of the root of x, which is 0 or at least 2^-100. After a step of
// Newton's, Tuckerman's test tells which of three neighbours the root is rounded to.
FUNCTION float rounded_root(float x, float close) {
  const float near = FMA(FMA(-close, close, x), 0.5f / close, close);
  const float below = AS_FLOAT(AS_INT(near) - 1), above = AS_FLOAT(AS_INT(near) + 1);
  const float upper = FMA(-above, near, x) > 0.f ? above : near;
  const float root = FMA(-below, near, x) <= 0.f ? below : upper;
  return x > 0.f ? root : 0.f;
}
