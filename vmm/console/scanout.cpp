// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/console/scanout.h"

namespace vmm::console {

namespace {

void appendUtf8(std::string& out, char32_t c)
{
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | c >> 6);
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
        out += static_cast<char>(0xe0 | (c >> 12 & 0x0f));
        out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    }
}

} // namespace

std::string TextScreen::toUtf8() const
{
    std::string text;
    for (int row = 0; row < rows; ++row) {
        int last = columns;
        const auto cell = [&](int column) {
            return cells[static_cast<size_t>(row) * static_cast<size_t>(columns) +
                         static_cast<size_t>(column)];
        };
        while (last > 0 && (cell(last - 1).character == U' ' || cell(last - 1).character == 0))
            --last;
        for (int column = 0; column < last; ++column)
            appendUtf8(text, cell(column).character == 0 ? U' ' : cell(column).character);
        text += '\n';
    }
    return text;
}

} // namespace vmm::console
