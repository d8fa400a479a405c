// Convolutions of 3×3 filters with stride 1 by Winograd's minimal filtering: an output tile of 4×4 takes 36
// multiplications for each pair of channels in the place of 144.
//
//   Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A,   summed over the channels of d: one product of matrices for each place of ⊙
//
// d is a 6×6 tile of the image and g the filter. Source: Lavin & Gray, "Fast Algorithms for Convolutional Neural
// Networks", CVPR 2016, https://arxiv.org/abs/1509.09308.
#pragma once
#include "native-tile.h"

namespace parapet {

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

template <int kLanes, Gate kGate, bool kPooled>
INLINE void convolve(const Convolution& c, const float* x, const void* gate, const float* u, const float* bias,
                     float* y, uint8_t* winners, int64_t first, int64_t end) {
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
  Cells<kSide, kGate> cells;
  for (int64_t start = 0; start < tiles; start += B::kTiles) {
    const int64_t count = std::min<int64_t>(B::kTiles, tiles - start);
    for (int64_t i = 0; i < count; i++) {
      const int64_t image = first + (start + i) / per_image, tile = (start + i) % per_image;
      const int64_t top = tile / tile_columns * kOut - c.pad_top, left = tile % tile_columns * kOut - c.pad_left;
      cells.find(x, gate, image, top, left, c.in_height, c.in_width, c.in_channels, zeros);
      for (int64_t channel = 0; channel < chunks * kChunk; channel += kLanes) {
        float* target = v + channel / kChunk * B::kTiles * kChunk + i * kChunk + channel % kChunk;
        const int64_t left_over = c.in_channels - channel;
        if (left_over >= kLanes) {
          transform_tile<kLanes, true>(cells, channel, kLanes, target, v_stride);
        } else if (left_over > 0) {
          transform_tile<kLanes, false>(cells, channel, left_over, target, v_stride);
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
      const int64_t row = kPooled ? top / 2 : top, column = kPooled ? left / 2 : left;
      const int64_t place = (image * c.result_height() + row) * c.result_width() + column;
      uint8_t* const who = kPooled ? winners + place * bytes_of(c.out_channels) : nullptr;
      for (int64_t n = 0; n < c.out_channels; n += kLanes) {
        const float* sums = m + n / B::kPanel * B::kTiles * B::kPanel + i * B::kPanel + n % B::kPanel;
        finish_tile<kLanes, kPooled>(c, sums, m_stride, bias + n, y + place * c.out_channels + n, who + n,
                                     c.out_height - top, c.out_width - left, c.out_channels - n);
      }
    }
  }
}

#define COMPILED(suffix, target, lanes)                                                                               \
  target inline void transform_##suffix(const Convolution& c, const float* filter, float* u, int64_t first,           \
                                        int64_t end) {                                                                \
    transform_filters<lanes>(c, filter, u, first, end);                                                               \
  }                                                                                                                   \
  target inline void convolve_##suffix(const Convolution& c, const float* x, Gate kind, const void* gate,             \
                                       const float* u, const float* bias, float* y, uint8_t* winners, int64_t first,  \
                                       int64_t end) {                                                                 \
    if (c.pooled) convolve<lanes, kOpen, true>(c, x, gate, u, bias, y, winners, first, end);                          \
    else if (kind == kOpen) convolve<lanes, kOpen, false>(c, x, gate, u, bias, y, winners, first, end);               \
    else if (kind == kMask) convolve<lanes, kMask, false>(c, x, gate, u, bias, y, winners, first, end);               \
    else convolve<lanes, kWinners, false>(c, x, gate, u, bias, y, winners, first, end);                               \
  }
COMPILED(plain, , 4)
COMPILED(avx2, WITH_AVX2, 8)
COMPILED(avx512, WITH_AVX512, 16)
#undef COMPILED

// y [batch, result_height, result_width, out_channels] = x ∗ filter (+ bias, which may be null), of what the gate lets
// through of x. Where it is pooled, ungated, `winners` [batch, result_height, result_width, bytes_of(out_channels)] is
// which of the four cells each is.
inline void winograd(const Convolution& c, const float* x, Gate kind, const void* gate, const float* filter,
                     const float* bias, float* y, uint8_t* winners) {
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
    work(c, x, kind, gate, u.get(), shift.data(), y, winners, first, end);
  });
}

}  // namespace parapet
