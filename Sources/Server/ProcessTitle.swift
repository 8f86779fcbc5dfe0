import Engine
import System

/// What `ps` shows: `proc-title-template`, filled in.
struct ProcessTitle {
    /// The name under which the program was started.
    let program: String
    /// The configuration's file; empty for none.
    let file: String

    /// Shows the title that the settings ask for, if they do.
    func show(_ configuration: Configuration) {
        guard configuration.process.setsTitle, let title = text(configuration) else { return }
        Process.setTitle(title)
    }

    /// The title; nil when the template is not valid.
    func text(_ configuration: Configuration) -> String? {
        let network = configuration.network
        let socket = String(decoding: network.unixSocket, as: UTF8.self)
        let address = network.bind.first.map { $0.hasPrefix("-") ? String($0.dropFirst()) : $0 } ?? "*"
        let values = [
            "title": program, "listen-addr": network.port > 0 ? "\(address):\(network.port)" : socket, "server-mode": "",
            "port": String(network.port),
            "tls-port": configuration.kept["tls-port"].map { String(decoding: $0, as: UTF8.self) } ?? "0",
            "unixsocket": socket, "config-file": file,
        ]
        return Self.filled(String(decoding: configuration.process.titleTemplate, as: UTF8.self), values)
    }

    /// Replaces `{name}` by its value, and `{{` by a brace; nil for unknown names and open
    /// braces. Blanks at the ends go.
    static func filled(_ template: String, _ values: [String: String]) -> String? {
        var result = ""
        var rest = template[...]
        while let brace = rest.firstIndex(of: "{") {
            result += rest[..<brace]
            rest = rest[brace...].dropFirst()
            if rest.first == "{" {
                result += "{"
                rest = rest.dropFirst()
                continue
            }
            guard let end = rest.firstIndex(of: "}"), let value = values[String(rest[..<end])] else { return nil }
            result += value
            rest = rest[end...].dropFirst()
        }
        result += rest
        let trimmed = result.drop { $0 == " " }
        return String(trimmed[..<(trimmed.lastIndex { $0 != " " }.map(trimmed.index(after:)) ?? trimmed.startIndex)])
    }
}
