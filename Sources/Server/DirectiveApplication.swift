// What CONFIG SET changes in the process, and the files that CONFIG REWRITE reaches.

import Engine
import Networking
import System

enum DirectiveApplication {
    /// Closures for the engine.
    static func host(_ control: HostControl) -> ConfigurationHost {
        var host = ConfigurationHost()
        host.apply = { apply($0, &$1, control) }
        host.read = { read($0) }
        host.replace = { path, bytes in
            let failure = File.replaceDurably(path, with: bytes)
            return failure == 0 ? nil : errorText(failure)
        }
        return host
    }

    /// Why a directive's new value cannot act; nil when it does. Each case undoes
    /// itself by being called with the old configuration.
    private static func apply(_ directive: String, _ configuration: inout Configuration, _ control: HostControl) -> String? {
        switch directive {
        case "dir": changeDirectory(&configuration)
        case "maxclients": control.allowClients(configuration.network.maximumClients)
        case "oom-score-adj", "oom-score-adj-values": control.adjustScore(configuration.process)
        case "port": control.listen(configuration.network) ? nil : "Unable to listen on this port. Check server logs."
        case "bind": control.listen(configuration.network) ? nil : "Failed to bind to specified addresses."
        default: nil
        }
    }

    private static func changeDirectory(_ configuration: inout Configuration) -> String? {
        let failure = Process.changeDirectory(String(decoding: configuration.process.directory, as: UTF8.self))
        guard failure == 0 else { return errorText(failure) }
        configuration.process.directory = [UInt8](Process.currentDirectory)
        return nil
    }

    private static func read(_ path: String) -> (bytes: [UInt8], failure: String?) {
        do throws(FileError) {
            return (try File.read(path), nil)
        } catch {
            return error.isMissingFile ? ([], nil) : ([], error.message)
        }
    }
}
