// Which values of an image are among its k largest.
#pragma once
#include <cstring>

#include "native-common.h"

namespace parapet {

// A float as a whole number that is the larger the larger the float.
inline uint32_t ordered(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

// The k-th largest of some values, found bit by bit from the top: each pass counts how often each of the next bits occurs
// among the values that agree with those found before. `#core/kernels/winners.ts` does the same.
inline float kth_largest(const float* values, int64_t count, int64_t k) {
  constexpr int kWidths[] = {11, 11, 10}, kShifts[] = {21, 10, 0};
  uint32_t found = 0, decided = 0;
  int64_t rank = k;
  for (int pass = 0; pass < 3; pass++) {
    const uint32_t last = (1u << kWidths[pass]) - 1;
    const int shift = kShifts[pass];
    uint32_t counts[2048] = {};
    for (int64_t i = 0; i < count; i++) {
      const uint32_t key = ordered(values[i]);
      if (((key ^ found) & decided) == 0) counts[(key >> shift) & last]++;
    }
    uint32_t at = last;
    for (; at > 0 && rank > counts[at]; at--) rank -= counts[at];
    found |= at << shift;
    decided |= last << shift;
  }
  const uint32_t bits = found ^ (found >> 31 ? 0x80000000u : 0xffffffffu);
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// 1 where a value is at least the k-th largest of its image, 0 elsewhere.
inline void mask_winners(const Shape& in, const float* x, int64_t k, float* mask) {
  const int64_t size = in.image();
  share(in.batch, in.batch * size, [&](int64_t first, int64_t end) {
    for (int64_t image = first; image < end; image++) {
      const float* values = x + image * size;
      const float least = kth_largest(values, size, k);
      for (int64_t i = 0; i < size; i++) mask[image * size + i] = values[i] >= least ? 1.0f : 0.0f;
    }
  });
}

}  // namespace parapet
