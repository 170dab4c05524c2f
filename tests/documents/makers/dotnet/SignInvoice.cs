// Signs an e-invoice the way programs in .NET do it, with the class that they use: System.Security.Cryptography.Xml.SignedXml.
//
//   SignInvoice.exe IN.xml OUT.xml KEY.xml LEAF.cer PLACE SIGNATURE-ID TIME PLAIN REFERENCE...
//
// KEY.xml is an RSAKeyValue; PLACE the path of the parent (DSCKS/NBan below HDon). With PLAIN "enveloped" every reference has
// the enveloped-signature transform, also the one to the object inside the Signature, and SigningTime inherits the namespace of
// the Signature (the seller); with "bare" there is no transform at all and SigningTime has xmlns="" (the tax authority).

using System;
using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Xml;

static class SignInvoice
{
    static void Main(string[] arguments)
    {
        var document = new XmlDocument { PreserveWhitespace = true };
        document.Load(arguments[0]);
        var key = new RSACryptoServiceProvider();
        key.FromXmlString(File.ReadAllText(arguments[2]));
        var leaf = new X509Certificate2(arguments[3]);
        string identifier = arguments[5], time = arguments[6];
        bool enveloped = arguments[7] == "enveloped";

        var signed = new SignedXml(document) { SigningKey = key };
        signed.Signature.Id = identifier;
        signed.SignedInfo.SignatureMethod = SignedXml.XmlDsigRSASHA256Url;
        signed.SignedInfo.CanonicalizationMethod = SignedXml.XmlDsigC14NTransformUrl;

        var holder = new XmlDocument();
        string space = enveloped ? SignedXml.XmlDsigNamespaceUrl : "";
        XmlElement properties = holder.CreateElement("SignatureProperties", SignedXml.XmlDsigNamespaceUrl);
        XmlElement property = holder.CreateElement("SignatureProperty", SignedXml.XmlDsigNamespaceUrl);
        property.SetAttribute("Target", "#" + identifier);
        XmlElement said = holder.CreateElement("SigningTime", space);
        said.InnerText = time;
        property.AppendChild(said);
        properties.AppendChild(property);
        holder.AppendChild(properties);
        signed.AddObject(new DataObject { Id = identifier + "-time", Data = holder.ChildNodes });

        for (int i = 8; i < arguments.Length; i++)
            signed.AddReference(To(arguments[i], enveloped));
        signed.AddReference(To(identifier + "-time", enveloped));

        var data = new KeyInfoX509Data(leaf);
        data.AddSubjectName(leaf.SubjectName.Name);
        signed.KeyInfo = new KeyInfo();
        signed.KeyInfo.AddClause(data);
        signed.ComputeSignature();

        XmlNode place = document.DocumentElement.SelectSingleNode(arguments[4]);
        place.AppendChild(document.ImportNode(signed.GetXml(), true));
        document.Save(arguments[1]);
    }

    static Reference To(string identifier, bool enveloped)
    {
        var reference = new Reference("#" + identifier) { DigestMethod = SignedXml.XmlDsigSHA256Url };
        if (enveloped)
            reference.AddTransform(new XmlDsigEnvelopedSignatureTransform());
        return reference;
    }
}
