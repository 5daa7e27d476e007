// SPDX-License-Identifier: LGPL-2.1-or-later
// The numbers that a library of NVIDIA has for the formats of surfaces.
#pragma once

#include "surfaces.h"

namespace fake_nvmm {

struct ColorNumbers {
  int rgba;
  int nv12[4];  // BT.601 and BT.709, each in limited and in full range

  int of(const Geometry& geometry) const {
    return geometry.format == Format::Rgba ? rgba : nv12[geometry.variant];
  }

  // False: there is no surface with that number.
  bool find(int number, Format& format, int& variant) const {
    format = number == rgba ? Format::Rgba : Format::Nv12;
    variant = 0;
    if (number == rgba)
      return true;
    while (variant < 4 && nv12[variant] != number)
      variant++;
    return variant < 4;
  }
};

}  // namespace fake_nvmm
