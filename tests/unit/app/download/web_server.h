// SPDX-License-Identifier: GPL-3.0-or-later
// A web server on the loopback that does what a test tells it, lies included.
#pragma once

#include <functional>

#include <QByteArray>
#include <QHash>
#include <QHostAddress>
#include <QList>
#include <QTcpServer>
#include <QTcpSocket>
#include <QUrl>

namespace tests {

struct WebRequest {
    QByteArray path;
    QHash<QByteArray, QByteArray> headers; ///< names in lower case

    /// The first byte of "Range: bytes=N-"; 0 without.
    qint64 from() const
    {
        const QByteArray range = headers.value("range");
        return range.mid(6, qMax<qsizetype>(range.size() - 7, 0)).toLongLong();
    }
};

/// Answers each request by `answer`, which writes to the socket and closes it when it likes.
class WebServer : public QTcpServer {
public:
    using Answer = std::function<void(QTcpSocket&, const WebRequest&)>;

    WebServer()
    {
        listen(QHostAddress::LocalHost);
        connect(this, &QTcpServer::newConnection, this, [this] {
            while (QTcpSocket* socket = nextPendingConnection())
                serve(socket);
        });
    }

    QUrl url(const QString& path) const
    {
        return QUrl(QStringLiteral("http://127.0.0.1:%1%2").arg(serverPort()).arg(path));
    }

    Answer answer;
    QList<WebRequest> requests;

private:
    void serve(QTcpSocket* socket)
    {
        connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
        connect(socket, &QTcpSocket::readyRead, this, [this, socket] {
            const QByteArray text = socket->peek(64 * 1024);
            const qsizetype end = text.indexOf("\r\n\r\n");
            if (end < 0)
                return;
            socket->read(end + 4);
            WebRequest request;
            const QList<QByteArray> lines = text.left(end).split('\n');
            request.path = lines.first().split(' ').value(1);
            for (const QByteArray& line : lines.mid(1))
                request.headers[line.left(line.indexOf(':')).trimmed().toLower()] =
                    line.mid(line.indexOf(':') + 1).trimmed();
            requests.append(request);
            answer(*socket, request);
        });
    }
};

/// "HTTP/1.1 200 OK" and headers, each with its line's end.
inline QByteArray webHead(int status, const QList<QByteArray>& headers)
{
    QByteArray head = "HTTP/1.1 " + QByteArray::number(status) + " so\r\nConnection: close\r\n";
    for (const QByteArray& header : headers)
        head += header + "\r\n";
    return head + "\r\n";
}

/// An honest answer with the part of `content` that was asked for.
inline QByteArray honestAnswer(const WebRequest& request, const QByteArray& content,
                               const QByteArray& etag = "\"one\"")
{
    const qint64 from = request.from();
    const bool same =
        !request.headers.contains("if-range") || request.headers.value("if-range") == etag;
    if (from == 0 || !same)
        return webHead(200,
                       {"Content-Length: " + QByteArray::number(content.size()), "ETag: " + etag}) +
               content;
    return webHead(206, {"Content-Length: " + QByteArray::number(content.size() - from),
                         "Content-Range: bytes " + QByteArray::number(from) + '-' +
                             QByteArray::number(content.size() - 1) + '/' +
                             QByteArray::number(content.size()),
                         "ETag: " + etag}) +
           content.mid(from);
}

} // namespace tests
