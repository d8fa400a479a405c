// Winograd's minimal filtering in one dimension; for two it is applied to columns and rows in turn.
#pragma once
#include "native-common.h"

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

}  // namespace parapet
