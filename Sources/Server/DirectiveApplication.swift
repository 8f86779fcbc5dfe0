// What CONFIG SET changes in the process, and the files that CONFIG REWRITE reaches.

import Engine
import Networking
import System

enum DirectiveApplication {
    /// Closures for the engine.
    static var host: ConfigurationHost {
        var host = ConfigurationHost()
        host.apply = { apply($0, &$1) }
        host.read = { read($0) }
        host.replace = { path, bytes in
            let failure = File.replaceDurably(path, with: bytes)
            return failure == 0 ? nil : errorText(failure)
        }
        return host
    }

    /// Why a directive's new value cannot act; nil when it does. Each case undoes
    /// itself by being called with the old configuration.
    private static func apply(_ directive: String, _ configuration: inout Configuration) -> String? {
        switch directive {
        case "dir": changeDirectory(&configuration)
        case "maxclients": raiseDescriptorLimit(configuration.network.maximumClients)
        case "port": "Unable to listen on this port. Check server logs."
        case "bind": "Failed to bind to specified addresses."
        default: nil
        }
    }

    private static func changeDirectory(_ configuration: inout Configuration) -> String? {
        let failure = Process.changeDirectory(String(decoding: configuration.process.directory, as: UTF8.self))
        guard failure == 0 else { return errorText(failure) }
        configuration.process.directory = [UInt8](Process.currentDirectory)
        return nil
    }

    private static func raiseDescriptorLimit(_ clients: Int64) -> String? {
        let wanted = clients.addingReportingOverflow(Server.reservedDescriptors)
        let granted = Process.raiseDescriptorLimit(wanted.overflow ? Int64.max : wanted.partialValue)
        let possible = max(1, granted - Server.reservedDescriptors)
        guard possible < clients else { return nil }
        return "The operating system is not able to handle the specified number of clients, try with \(possible)"
    }

    private static func read(_ path: String) -> (bytes: [UInt8], failure: String?) {
        do throws(FileError) {
            return (try File.read(path), nil)
        } catch {
            return error.isMissingFile ? ([], nil) : ([], error.message)
        }
    }
}
