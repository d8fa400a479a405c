// The gradient of a bias: dy where ReLU let something through, summed over all places of all images.
#pragma once
#include "native-vector.h"

namespace parapet {

// Sum of each channel of one image.
template <int kLanes>
INLINE void sum_image(const float* dy, const float* mask, int64_t places, int64_t channels, float* sums) {
  using V = typename Vector<kLanes>::type;
  std::fill(sums, sums + channels, 0.0f);
  for (int64_t place = 0; place < places; place++, dy += channels, mask += channels) {
    int64_t k = 0;
    for (; k + kLanes <= channels; k += kLanes) {
      const V kept = load<kLanes>(mask + k) > 0.0f ? load<kLanes>(dy + k) : V{};
      store<kLanes>(sums + k, load<kLanes>(sums + k) + kept);
    }
    for (; k < channels; k++) sums[k] += mask[k] > 0.0f ? dy[k] : 0.0f;
  }
}

#define COMPILED(suffix, target, lanes)                                                                        \
  target inline void sum_##suffix(const float* dy, const float* mask, int64_t places, int64_t channels, float* sums) { \
    sum_image<lanes>(dy, mask, places, channels, sums);                                                        \
  }
COMPILED(plain, , 4)
COMPILED(avx2, WITH_AVX2, 8)
#undef COMPILED

// The images one by one, then their sums in order, so that the threads change nothing.
inline void masked_sum(const Shape& shape, const float* dy, const float* mask, float* sums) {
  auto* const work = vector_floats() >= 8 ? sum_avx2 : sum_plain;
  const int64_t channels = shape.channels;
  std::vector<float> parts(shape.batch * channels);
  share(shape.batch, shape.batch * shape.image(), [&](int64_t first, int64_t end) {
    for (int64_t image = first; image < end; image++) {
      const int64_t start = image * shape.image();
      work(dy + start, mask + start, shape.height * shape.width, channels, parts.data() + image * channels);
    }
  });
  std::fill(sums, sums + channels, 0.0f);
  for (int64_t image = 0; image < shape.batch; image++) {
    for (int64_t k = 0; k < channels; k++) sums[k] += parts[image * channels + k];
  }
}

}  // namespace parapet
