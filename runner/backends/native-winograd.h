// Convolutions of 3×3 filters with stride 1 by Winograd's minimal filtering: an output tile of 4×4 takes 36
// multiplications for each pair of channels in the place of 144.
//
//   Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A,   summed over the channels of d: one product of matrices for each place of ⊙
//
// d is a 6×6 tile of the image and g the filter. Source: Lavin & Gray, "Fast Algorithms for Convolutional Neural
// Networks", CVPR 2016, https://arxiv.org/abs/1509.09308.
#pragma once
#include "native-vector.h"

namespace parapet {

constexpr int kOut = 4, kSide = kOut + 2, kPlaces = kSide * kSide;
constexpr int kChunk = 16;  // channels of a tile that lie together once it is transformed

// The transforms in one dimension, F(4, 3), for rows and columns in turn; `step` and `to` are the distances between
// neighbours. The points are 0, ±5/8, ±3/2 and ∞, which leave twice the error of a direct convolution in float32; the
// customary 0, ±1, ±2 and ∞ leave six times.
struct Minimal {
  static constexpr double a = 0.625, b = 1.5, a2 = a * a, b2 = b * b;
  template <typename V>
  static INLINE void input(const V* d, int step, V* t, int to) {
    const V d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    constexpr float product = a2 * b2, sum = a2 + b2;
    const V even_a = d4 - float(b2) * d2, odd_a = d3 - float(b2) * d1;
    const V even_b = d4 - float(a2) * d2, odd_b = d3 - float(a2) * d1;
    t[0] = (d4 - sum * d2) + product * d0;
    t[to] = even_a + float(a) * odd_a;
    t[2 * to] = even_a - float(a) * odd_a;
    t[3 * to] = even_b + float(b) * odd_b;
    t[4 * to] = even_b - float(b) * odd_b;
    t[5 * to] = (d5 - sum * d3) + product * d1;
  }
  template <typename V>
  static INLINE void filter(const V* g, int step, V* u, int to) {
    const V g0 = g[0], g1 = g[step], g2 = g[2 * step];
    constexpr float first = 1 / (a2 * b2), at_a = 1 / (2 * a2 * (a2 - b2)), at_b = 1 / (2 * b2 * (b2 - a2));
    const V even_a = at_a * g0 + float(a2 * at_a) * g2, odd_a = float(a * at_a) * g1;
    const V even_b = at_b * g0 + float(b2 * at_b) * g2, odd_b = float(b * at_b) * g1;
    u[0] = first * g0;
    u[to] = even_a + odd_a;
    u[2 * to] = even_a - odd_a;
    u[3 * to] = even_b + odd_b;
    u[4 * to] = even_b - odd_b;
    u[5 * to] = g2;
  }
  // For the gradient of the filter, F(3, 4): four values of dy in the place of the filter, three outputs.
  template <typename V>
  static INLINE void gradient(const V* g, int step, V* u, int to) {
    const V g0 = g[0], g1 = g[step], g2 = g[2 * step], g3 = g[3 * step];
    constexpr float first = 1 / (a2 * b2), at_a = 1 / (2 * a2 * (a2 - b2)), at_b = 1 / (2 * b2 * (b2 - a2));
    const V even_a = at_a * g0 + float(a2 * at_a) * g2, odd_a = float(a * at_a) * g1 + float(a2 * a * at_a) * g3;
    const V even_b = at_b * g0 + float(b2 * at_b) * g2, odd_b = float(b * at_b) * g1 + float(b2 * b * at_b) * g3;
    u[0] = first * g0;
    u[to] = even_a + odd_a;
    u[2 * to] = even_a - odd_a;
    u[3 * to] = even_b + odd_b;
    u[4 * to] = even_b - odd_b;
    u[5 * to] = g3;
  }
  template <typename V>
  static INLINE void taps(const V* m, int step, V* w, int to) {
    const V sum_a = m[step] + m[2 * step], difference_a = m[step] - m[2 * step];
    const V sum_b = m[3 * step] + m[4 * step], difference_b = m[3 * step] - m[4 * step];
    w[0] = m[0] + (sum_a + sum_b);
    w[to] = float(a) * difference_a + float(b) * difference_b;
    w[2 * to] = (m[5 * step] + float(a2) * sum_a) + float(b2) * sum_b;
  }
  template <typename V>
  static INLINE void output(const V* m, int step, V* y, int to) {
    const V sum_a = m[step] + m[2 * step], difference_a = m[step] - m[2 * step];
    const V sum_b = m[3 * step] + m[4 * step], difference_b = m[3 * step] - m[4 * step];
    y[0] = m[0] + (sum_a + sum_b);
    y[to] = float(a) * difference_a + float(b) * difference_b;
    y[2 * to] = float(a2) * sum_a + float(b2) * sum_b;
    y[3 * to] = (m[5 * step] + float(a2 * a) * difference_a) + float(b2 * b) * difference_b;
  }
};

struct Convolution {
  int64_t batch, in_height, in_width, in_channels, out_height, out_width, out_channels, pad_top, pad_left;
  bool turned;  // filter [3, 3, out, in], turned by 180°, for an input gradient
  bool relu;    // negative outputs become 0
  int64_t in_image() const { return in_height * in_width * in_channels; }
  int64_t out_image() const { return out_height * out_width * out_channels; }
};

// G g Gᵀ of every filter: [place][panel of output channels][input channel][kPanel].
template <int kLanes>
INLINE void transform_filters(const Convolution& c, const float* filter, float* u, int64_t first, int64_t end) {
  using V = typename Vector<kLanes>::type;
  constexpr int kPanel = Blocking<kLanes>::kPanel;
  const int64_t panels = round_up(c.out_channels, kPanel) / kPanel, stride = panels * c.in_channels * kPanel;
  const int64_t taps = c.in_channels * c.out_channels;
  for (int64_t k = first; k < end; k++) {
    for (int64_t n = 0; n < panels * kPanel; n += kLanes) {
      const int64_t count = std::min<int64_t>(kLanes, c.out_channels - n);
      V g[9], rows[3 * kSide], columns[kSide];
      for (int tap = 0; tap < 9; tap++) {
        if (count <= 0) g[tap] = V{};
        else if (c.turned) {
          float values[kLanes] = {};
          const float* from = filter + (8 - tap) * taps + n * c.in_channels + k;
          for (int64_t i = 0; i < count; i++) values[i] = from[i * c.in_channels];
          g[tap] = load<kLanes>(values);
        } else if (count == kLanes) g[tap] = load<kLanes>(filter + tap * taps + k * c.out_channels + n);
        else g[tap] = load_first<kLanes>(filter + tap * taps + k * c.out_channels + n, count);
      }
      for (int column = 0; column < 3; column++) Minimal::filter(g + column, 3, rows + column, 3);
      float* target = u + (n / kPanel * c.in_channels + k) * kPanel + n % kPanel;
#pragma GCC unroll 6
      for (int row = 0; row < kSide; row++) {
        Minimal::filter(rows + 3 * row, 1, columns, 1);
        for (int column = 0; column < kSide; column++) {
          store<kLanes>(target + (row * kSide + column) * stride, columns[column]);
        }
      }
    }
  }
}

// Where the places of a tile lie in the images; at zeros outside of them.
template <int kSize>
INLINE void find_cells(const float* images, int64_t image, int64_t top, int64_t left, int64_t height, int64_t width,
                       int64_t channels, const float* zeros, const float** cells) {
  for (int64_t row = 0; row < kSize; row++) {
    for (int64_t column = 0; column < kSize; column++) {
      const int64_t r = top + row, s = left + column;
      const bool inside = r >= 0 && r < height && s >= 0 && s < width;
      cells[row * kSize + column] = inside ? images + ((image * height + r) * width + s) * channels : zeros;
    }
  }
}

// What lies at a place, 0 where its mask is not positive.
template <int kLanes, bool kMasked, bool kWhole>
INLINE auto load_cell(const float* cell, const float* mask, int64_t count) {
  typename Vector<kLanes>::type value = kWhole ? load<kLanes>(cell) : load_first<kLanes>(cell, count);
  if (kMasked) {
    const typename Vector<kLanes>::type y = kWhole ? load<kLanes>(mask) : load_first<kLanes>(mask, count);
    value = y > 0.0f ? value : typename Vector<kLanes>::type{};
  }
  return value;
}

// Bᵀ d B of one tile for kLanes channels.
template <int kLanes, bool kMasked, bool kWhole>
INLINE void transform_tile(const float* const* cells, const float* const* masks, int64_t channel, int64_t count,
                           float* v, int64_t stride) {
  using V = typename Vector<kLanes>::type;
  V d[kSide], t[kSide * kSide];
#pragma GCC unroll 6
  for (int column = 0; column < kSide; column++) {
#pragma GCC unroll 6
    for (int row = 0; row < kSide; row++) {
      const int cell = row * kSide + column;
      const float* mask = kMasked ? masks[cell] + channel : nullptr;
      d[row] = load_cell<kLanes, kMasked, kWhole>(cells[cell] + channel, mask, count);
    }
    Minimal::input(d, 1, t + column, kSide);
  }
#pragma GCC unroll 6
  for (int row = 0; row < kSide; row++) {
    Minimal::input(t + row * kSide, 1, d, 1);
#pragma GCC unroll 6
    for (int column = 0; column < kSide; column++) store<kLanes>(v + (row * kSide + column) * stride, d[column]);
  }
}

// Aᵀ m A of one tile for kLanes channels, with bias and ReLU, into the `rows` × `columns` outputs that there are.
template <int kLanes>
INLINE void finish_tile(const Convolution& c, const float* m, int64_t stride, const float* bias, float* y, int64_t rows,
                        int64_t columns, int64_t count) {
  using V = typename Vector<kLanes>::type;
  V column_in[kSide], t[kOut * kSide], row_out[kOut];
#pragma GCC unroll 6
  for (int column = 0; column < kSide; column++) {
#pragma GCC unroll 6
    for (int row = 0; row < kSide; row++) column_in[row] = load<kLanes>(m + (row * kSide + column) * stride);
    Minimal::output(column_in, 1, t + column, kSide);
  }
  const V shift = load<kLanes>(bias);
#pragma GCC unroll 4
  for (int row = 0; row < kOut; row++) {
    Minimal::output(t + row * kSide, 1, row_out, 1);
    if (row >= rows) continue;
#pragma GCC unroll 4
    for (int column = 0; column < kOut; column++) {
      V value = row_out[column] + shift;
      if (c.relu) value = value < 0.0f ? V{} : value;
      if (column >= columns) continue;
      float* to = y + (row * c.out_width + column) * c.out_channels;
      if (count >= kLanes) store<kLanes>(to, value);
      else store_first<kLanes>(to, value, count);
    }
  }
}

template <int kLanes, bool kMasked>
INLINE void convolve(const Convolution& c, const float* x, const float* mask, const float* u, const float* bias,
                     float* y, int64_t first, int64_t end) {
  using B = Blocking<kLanes>;
  const int64_t tile_rows = round_up(c.out_height, kOut) / kOut, tile_columns = round_up(c.out_width, kOut) / kOut;
  const int64_t per_image = tile_rows * tile_columns, tiles = (end - first) * per_image;
  const int64_t chunks = round_up(c.in_channels, kChunk) / kChunk;
  const int64_t panels = round_up(c.out_channels, B::kPanel) / B::kPanel;
  // A few floats more than a power of two, or the places of a tile would share the same lines of the cache.
  const int64_t v_stride = chunks * B::kTiles * kChunk + 16, m_stride = panels * B::kTiles * B::kPanel + 16;
  const int64_t u_stride = panels * c.in_channels * B::kPanel;
  const Scratch scratch(kPlaces * (v_stride + m_stride) + chunks * kChunk);
  float* const v = scratch.get();
  float* const m = v + kPlaces * v_stride;
  float* const zeros = m + kPlaces * m_stride;
  std::fill(zeros, zeros + chunks * kChunk, 0.0f);
  const float* cells[kPlaces];
  const float* masks[kPlaces];
  for (int64_t start = 0; start < tiles; start += B::kTiles) {
    const int64_t count = std::min<int64_t>(B::kTiles, tiles - start);
    for (int64_t i = 0; i < count; i++) {
      const int64_t image = first + (start + i) / per_image, tile = (start + i) % per_image;
      const int64_t top = tile / tile_columns * kOut - c.pad_top, left = tile % tile_columns * kOut - c.pad_left;
      find_cells<kSide>(x, image, top, left, c.in_height, c.in_width, c.in_channels, zeros, cells);
      if (kMasked) find_cells<kSide>(mask, image, top, left, c.in_height, c.in_width, c.in_channels, zeros, masks);
      for (int64_t channel = 0; channel < chunks * kChunk; channel += kLanes) {
        float* target = v + channel / kChunk * B::kTiles * kChunk + i * kChunk + channel % kChunk;
        const int64_t left_over = c.in_channels - channel;
        if (left_over >= kLanes) {
          transform_tile<kLanes, kMasked, true>(cells, masks, channel, kLanes, target, v_stride);
        } else if (left_over > 0) {
          transform_tile<kLanes, kMasked, false>(cells, masks, channel, left_over, target, v_stride);
        }
      }
    }
    for (int place = 0; place < kPlaces; place++) {
      for (int64_t panel = 0; panel < panels; panel++) {
        const float* weights = u + place * u_stride + panel * c.in_channels * B::kPanel;
        const float* rows = v + place * v_stride;
        float* sums = m + place * m_stride + panel * B::kTiles * B::kPanel;
        for (int64_t row = 0; row < count; row += B::kRows) {
          // Rows past the last tile hold what an earlier block left there; nobody reads what comes of them.
          const float* from = rows + row * kChunk;
          float* to = sums + row * B::kPanel;
          if (count - row > B::kRows / 2) {
            multiply<kLanes, B::kRows, kChunk>(from, B::kTiles * kChunk, weights, c.in_channels, to);
          } else {
            multiply<kLanes, B::kRows / 2, kChunk>(from, B::kTiles * kChunk, weights, c.in_channels, to);
          }
        }
      }
    }
    for (int64_t i = 0; i < count; i++) {
      const int64_t image = first + (start + i) / per_image, tile = (start + i) % per_image;
      const int64_t top = tile / tile_columns * kOut, left = tile % tile_columns * kOut;
      float* target = y + image * c.out_image() + (top * c.out_width + left) * c.out_channels;
      for (int64_t n = 0; n < c.out_channels; n += kLanes) {
        const float* sums = m + n / B::kPanel * B::kTiles * B::kPanel + i * B::kPanel + n % B::kPanel;
        finish_tile<kLanes>(c, sums, m_stride, bias + n, target + n, c.out_height - top, c.out_width - left,
                            c.out_channels - n);
      }
    }
  }
}

#define COMPILED(suffix, target, lanes)                                                                               \
  target inline void transform_##suffix(const Convolution& c, const float* filter, float* u, int64_t first,           \
                                        int64_t end) {                                                                \
    transform_filters<lanes>(c, filter, u, first, end);                                                               \
  }                                                                                                                   \
  target inline void convolve_##suffix(const Convolution& c, const float* x, const float* mask, const float* u,       \
                                       const float* bias, float* y, int64_t first, int64_t end) {                     \
    if (mask == nullptr) convolve<lanes, false>(c, x, mask, u, bias, y, first, end);                                  \
    else convolve<lanes, true>(c, x, mask, u, bias, y, first, end);                                                   \
  }
COMPILED(plain, , 4)
COMPILED(avx2, WITH_AVX2, 8)
COMPILED(avx512, WITH_AVX512, 16)
#undef COMPILED

// y [batch, out_height, out_width, out_channels] = x ∗ filter (+ bias), of x where mask > 0; either may be null.
inline void winograd(const Convolution& c, const float* x, const float* mask, const float* filter, const float* bias,
                     float* y) {
  const int lanes = vector_floats();
  auto* const transform = lanes == 16 ? transform_avx512 : lanes == 8 ? transform_avx2 : transform_plain;
  auto* const work = lanes == 16 ? convolve_avx512 : lanes == 8 ? convolve_avx2 : convolve_plain;
  const int64_t columns = round_up(c.out_channels, 2 * lanes);
  std::vector<float> shift(columns);
  if (bias != nullptr) std::copy(bias, bias + c.out_channels, shift.begin());
  const Scratch u(kPlaces * columns * c.in_channels);
  share(c.in_channels, kPlaces * columns * c.in_channels / 8, [&](int64_t first, int64_t end) {
    transform(c, filter, u.get(), first, end);
  });
  share(c.batch, c.batch * c.out_image() * c.in_channels / 8, [&](int64_t first, int64_t end) {
    work(c, x, mask, u.get(), shift.data(), y, first, end);
  });
}

}  // namespace parapet
