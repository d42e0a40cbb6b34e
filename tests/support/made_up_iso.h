// SPDX-License-Identifier: GPL-3.0-or-later
// Small disc images with the label of a real medium, made by genisoimage.
#pragma once

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QString>
#include <QStringList>

namespace tests {

inline bool canMakeIso()
{
    return !QStandardPaths::findExecutable("genisoimage").isEmpty();
}

/// Writes `image` with `files` (name and content alternating) and what else its descriptors say;
/// false when genisoimage failed.
inline bool makeIso(const QString& image, const QString& label, const QStringList& files = {},
                    const QString& publisher = {})
{
    QDir tree(image + ".tree");
    tree.removeRecursively();
    tree.mkpath(".");
    for (int i = 0; i + 1 < files.size(); i += 2) {
        tree.mkpath(QFileInfo(files[i]).path());
        QFile file(tree.filePath(files[i]));
        if (!file.open(QIODevice::WriteOnly))
            return false;
        file.write(files[i + 1].toUtf8());
    }
    QStringList arguments{"-quiet", "-R", "-V", label, "-o", image};
    if (!publisher.isEmpty())
        arguments << "-publisher" << publisher;
    return QProcess::execute("genisoimage", arguments << tree.path()) == 0;
}

} // namespace tests
